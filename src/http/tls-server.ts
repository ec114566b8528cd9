import { constants } from 'node:crypto'
import type { Socket } from 'node:net'
import { createServer, type Server, type TLSSocket } from 'node:tls'
import { type Certificates, SECURE } from './certificates.ts'

export interface TlsServerOptions {
  readonly certificates: Certificates
  /** What encrypts session tickets: 48 bytes that all processes share, so that each resumes the others' sessions. */
  readonly ticketKeys: Buffer
  /** Milliseconds that a handshake may take. */
  readonly handshakeTimeout: number
  /** A handshake has succeeded; `raw` is the connection below. */
  onSecure(socket: TLSSocket, raw: Socket): void
}

/** node:tls keeps the connection below a TLSSocket there. */
type Above = TLSSocket & { readonly _parent: Socket }

/** Makes TLS of connections that are handed to it by `emit('connection', socket)`. It listens nowhere itself. */
export function createTlsServer({ certificates, ticketKeys, handshakeTimeout, onSecure }: TlsServerOptions): Server {
  const { fallback } = certificates
  const server = createServer({
    ...SECURE,
    ...(fallback === null ? {} : { cert: fallback.cert, key: fallback.key }),
    // RFC 9325 section 3.5: a client could keep us busy with renegotiations.
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    ALPNProtocols: ['h2', 'http/1.1'],
    SNICallback: (name, done) => done(null, certificates.find(name)),
    ticketKeys,
    handshakeTimeout,
    allowHalfOpen: true,
  })
  // Half open only from here on: who leaves in the middle of a handshake would not be noticed.
  server.prependListener('connection', (raw: Socket) => Object.assign(raw, { allowHalfOpen: false }))
  server.on('secureConnection', (socket) => {
    Object.assign(socket, { allowHalfOpen: true })
    onSecure(socket, (socket as Above)._parent)
  })
  server.on('tlsClientError', (_error, socket) => socket.destroy())
  return server
}
