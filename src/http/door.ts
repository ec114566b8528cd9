import type { IncomingMessage } from 'node:http'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Server as TlsServer } from 'node:tls'
import type { Certificate, Limits, ListenAddress, Listener, Snapshot } from '../config/snapshot.ts'
import { resetSocket } from '../delivery/reset-socket.ts'
import type { Timers } from '../delivery/timers.ts'
import type { Address } from '../geo/address.ts'
import type { HitFinder } from './cached/ready-hit.ts'
import type { Census } from './census.ts'
import { Certificates } from './certificates.ts'
import { connectionOf, describe, peerOf } from './connection.ts'
import { firstBytes, type Told } from './first-bytes.ts'
import { Http1Server } from './http1-server.ts'
import { Http2Server } from './http2-server.ts'
import { listenError } from './listen-error.ts'
import type { RequestListener } from './pipeline.ts'
import { parseProxyHeader } from './proxy-protocol.ts'
import { createTlsServer } from './tls-server.ts'

/** What a Door hands on. */
export interface Handlers {
  readonly onRequest: RequestListener
  /** Finds what the cache has ready; null: nothing is cached. Asked once for each connection. */
  hits(): HitFinder | null
  /** The answer to a request that was handed on has left, or never will. */
  onClosed(): void
  onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  snapshot(): Snapshot
  readonly timers: Timers
  /** What encrypts TLS session tickets, 48 bytes. */
  readonly ticketKeys: Buffer
  /** Certificates that are ordered, for listeners with `acme`. */
  ordered(): readonly Certificate[]
  /** Other processes listen on the same addresses. */
  readonly shared?: boolean
  /** What came is no request that Node's parser hands over, CONNECT among them: it was answered with this status. */
  onUnreadable(status: number): void
  /** A connection to a `proxy_protocol` listener came from nobody we trust, or without a header. */
  onStranger(): void
}

const CLOSE_IDLE_EVERY = 50
/** RFC 9113 section 3.4. */
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

/** One address where clients connect: accepts, finds out what is spoken, and hands the connection to who speaks it. */
export class Door {
  readonly #handlers: Handlers
  readonly #census: Census
  readonly #accepting: Server
  readonly #sockets = new Set<Socket>()
  readonly #http1: Http1Server
  readonly #http2: Http2Server
  #certificates: Certificates | null = null
  #tls: TlsServer | null = null
  #listener: Listener
  #limits: Limits

  constructor(listener: Listener, limits: Limits, handlers: Handlers, census: Census) {
    this.#handlers = handlers
    this.#census = census
    this.#listener = listener
    this.#limits = limits
    // First: it may throw, and the others have timers.
    this.#tls = this.#createTls(listener, limits)
    this.#http1 = new Http1Server(handlers, limits, handlers.timers)
    this.#http2 = new Http2Server(handlers, limits, (peer) => this.#census.beginStream(peer))
    this.#accepting = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#accept(socket))
  }

  /** As bound. */
  get address(): AddressInfo {
    return this.#accepting.address() as AddressInfo
  }

  /** Throws address_in_use or address_unavailable. */
  async open(): Promise<void> {
    const { host, port } = this.#listener
    try {
      await bind(this.#accepting, { host, port }, this.#handlers.shared === true)
    } catch (error) {
      this.#http1.close()
      throw listenError(error as NodeJS.ErrnoException, { host, port })
    }
  }

  /** For new connections; those that are open keep what they began with. */
  apply(listener: Listener, limits: Limits): void {
    this.#tls = this.#createTls(listener, limits)
    this.#listener = listener
    this.#limits = limits
    this.#http1.apply(limits)
    this.#http2.apply(limits)
  }

  /** Certificates that are ordered have changed. */
  renew(): void {
    if (this.#listener.tls?.acme === true) this.#tls = this.#createTls(this.#listener, this.#limits)
  }

  /** Stops listening; resolves when the last connection has ended, which idle ones are made to. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#accepting.close(() => resolve()))
    this.#http2.drain()
    const idle = setInterval(() => this.#http1.drain(), CLOSE_IDLE_EVERY)
    this.#http1.drain()
    await closed
    clearInterval(idle)
    this.#http1.close()
  }

  /** Ends every connection now, and so that a cut answer does not look complete. */
  destroy(): void {
    for (const socket of this.#sockets) resetSocket(socket)
  }

  #createTls({ tls, httpsRedirect }: Listener, { headerTimeout }: Limits): TlsServer | null {
    if (tls === null) return null
    const ordered = tls.acme ? this.#handlers.ordered() : []
    this.#certificates = new Certificates([...tls.certificates, ...ordered], this.#certificates)
    return createTlsServer({
      certificates: this.#certificates,
      ticketKeys: this.#handlers.ticketKeys,
      handshakeTimeout: headerTimeout,
      onSecure: (socket, raw) => {
        describe(socket, { peer: connectionOf(raw).peer, httpsRedirect })
        if (socket.alpnProtocol === 'h2') this.#http2.serve(socket)
        else this.#http1.serve(socket)
      },
    })
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    // Whoever takes it over listens too; until then a client that leaves is nobody's business.
    socket.on('error', () => {})
    if (!this.#census.enter(socket)) return
    const peer = peerOf(socket)
    if (!this.#listener.proxyProtocol) return this.#admit(socket, peer)
    if (this.#handlers.snapshot().trustedProxies.match(peer) === null) return this.#turnAway(socket)
    firstBytes(socket, this.#limits.headerTimeout, judgeProxyHeader, (source) => {
      if (source === 'invalid') this.#turnAway(socket)
      else this.#admit(socket, source ?? peer)
    })
  }

  #turnAway(socket: Socket): void {
    socket.destroy()
    this.#handlers.onStranger()
  }

  #admit(socket: Socket, peer: Address): void {
    if (!this.#census.identify(socket, peer)) return
    const { httpsRedirect, h2c } = this.#listener
    describe(socket, { peer, httpsRedirect })
    if (this.#tls !== null) this.#tls.emit('connection', socket)
    else if (!h2c) this.#http1.serve(socket)
    else {
      firstBytes(socket, this.#limits.headerTimeout, judgePreface, (http2) => {
        if (http2) this.#http2.serve(socket)
        else this.#http1.serve(socket)
      })
    }
  }
}

function judgeProxyHeader(bytes: Buffer): Told<Address | null | 'invalid'> | null {
  const header = parseProxyHeader(bytes)
  if (header.kind === 'incomplete') return null
  return header.kind === 'invalid' ? { meaning: header.kind, used: 0 } : { meaning: header.source, used: header.length }
}

function judgePreface(bytes: Buffer): Told<boolean> | null {
  const length = Math.min(bytes.length, PREFACE.length)
  const http2 = bytes.subarray(0, length).equals(PREFACE.subarray(0, length))
  return http2 && length < PREFACE.length ? null : { meaning: http2, used: 0 }
}

/**
 * A shared address is bound by each process (SO_REUSEPORT), and the kernel deals the connections out. Those that
 * node:cluster hands over are lost for ever when their process is killed in that moment, and those of one shared socket
 * gather in one process; where the system knows no SO_REUSEPORT, node:cluster is what there is.
 */
async function bind(server: Server, address: ListenAddress, shared: boolean): Promise<void> {
  try {
    await listen(server, { ...address, reusePort: shared })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (!shared || (code !== 'ENOTSUP' && code !== 'EINVAL')) throw error
    await listen(server, address)
  }
}

function listen(server: Server, options: ListenAddress & { readonly reusePort?: boolean }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ backlog: 4096, ...options }, () => {
      server.off('error', reject)
      resolve()
    })
  })
}
