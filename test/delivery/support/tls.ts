import { once } from 'node:events'
import { createServer as createHttps } from 'node:https'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { createServer as createTls, type TLSSocket, type TlsOptions } from 'node:tls'
import { type CertificateName, certificate } from '../../helpers/certificates.ts'
import type { Scope } from '../../helpers/scope.ts'

export interface TlsUpstream {
  readonly port: number
  readonly url: string
  /** The SNI of each TLS connection; false where none was sent. */
  readonly names: readonly (string | false)[]
  readonly requests: readonly string[]
  readonly open: number
}

/** An https server that answers `ok` and writes down what it saw. */
export async function tlsUpstream(scope: Scope, name: CertificateName, over: TlsOptions = {}): Promise<TlsUpstream> {
  const { cert, key } = certificate(name)
  const names: (string | false)[] = []
  const requests: string[] = []
  const server = createHttps({ cert, key, ...over }, (request, response) => {
    requests.push(request.url!)
    const { subject } = (request.socket as TLSSocket).getPeerCertificate()
    response.end(`ok ${subject?.CN ?? 'nobody'}`)
  })
  server.on('secureConnection', (socket) =>
    names.push((socket as TLSSocket & { servername: string | false }).servername),
  )
  server.on('tlsClientError', () => {})
  const open = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    open.add(socket.on('close', () => open.delete(socket)).on('error', () => {}))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  scope.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo
  return {
    port,
    url: `https://127.0.0.1:${port}`,
    names,
    requests,
    get open() {
      return open.size
    },
  }
}

/** A TLS server that does with each connection whatever it is told. */
export async function rawTls(scope: Scope, onConnection: (socket: TLSSocket, raw: Socket) => void): Promise<string> {
  const { cert, key } = certificate('localhost')
  const tls = createTls({ cert, key })
  let last: Socket
  tls.on('secureConnection', (socket) =>
    onConnection(
      socket.on('error', () => {}),
      last,
    ),
  )
  const server = createServer((raw) => {
    last = raw.on('error', () => {})
    tls.emit('connection', raw)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  scope.teardown(() => server.close())
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A TCP server that accepts and says nothing until `release` hands its connections to somebody else. */
export async function silentServer(scope: Scope): Promise<{ url: string; sockets: Set<Socket> }> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket.on('close', () => sockets.delete(socket)).on('error', () => {}))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  scope.teardown(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, sockets }
}
