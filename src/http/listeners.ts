import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Limits, ListenAddress, Snapshot } from '../config/snapshot.ts'
import { parseAddress, truncateAddress } from '../geo/address.ts'
import { onClientError } from './client-error.ts'
import { IdleSockets } from './idle-sockets.ts'
import { formatAddress, listenError } from './listen-error.ts'
import { onePerConnection, type RequestListener } from './pipeline.ts'
import { hasContent } from './request-body.ts'

/** What the listeners hand on. */
export interface Handlers {
  readonly onRequest: RequestListener
  onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  snapshot(): Snapshot
  /** Other processes listen on the same addresses. */
  readonly shared?: boolean
  /** A connection was closed because of this limit. */
  onRefused(limit: 'connections' | 'connections_per_address'): void
}

const CLOSE_IDLE_EVERY = 50
const CLOSE_OLDER_EVERY = 1_000

/** The sockets that clients connect to: one server per address, which a reload opens and closes as needed. */
export class Listeners {
  readonly #servers = new Map<string, Server>()
  readonly #closing = new Set<Server>()
  readonly #handlers: Handlers
  readonly #perAddress = new Map<string, number>()
  #connections = 0
  #requests = 0

  constructor(handlers: Handlers) {
    this.#handlers = handlers
  }

  /** Open client connections. */
  get connections(): number {
    return this.#connections
  }

  /** Requests that have begun and not ended. */
  get requests(): number {
    return this.#requests
  }

  /** `host:port` of every open listener, as bound. */
  get addresses(): readonly string[] {
    return [...this.#servers.values()].map((server) => formatAddress(server.address() as AddressInfo))
  }

  /**
   * Opens the addresses that are not open yet. On any failure those it opened are closed again and the error names the
   * address. The caller closes the others with `retain` once everything else has succeeded; the function that comes back
   * closes what was opened, when something else has not.
   */
  async open(addresses: readonly ListenAddress[], limits: Limits): Promise<() => Promise<void>> {
    const opened: string[] = []
    const undo = async () => void (await Promise.all(opened.map((key) => this.#close(key))))
    for (const address of addresses) {
      const key = keyOf(address)
      if (this.#servers.has(key)) continue
      try {
        this.#servers.set(key, await this.#listen(address, limits))
        opened.push(key)
      } catch (error) {
        await undo()
        throw error
      }
    }
    return undo
  }

  /** Stops listening where the configuration no longer says so; running requests go on. */
  async retain(addresses: readonly ListenAddress[], limits: Limits): Promise<void> {
    const keys = new Set(addresses.map(keyOf))
    for (const server of this.#servers.values()) applyLimits(server, limits)
    await Promise.all([...this.#servers.keys()].filter((key) => !keys.has(key)).map((key) => this.#close(key)))
  }

  /** Stops listening; resolves when the last connection has ended, which idle ones are made to. */
  async close(): Promise<void> {
    await Promise.all([...this.#servers.keys()].map((key) => this.#close(key)))
    await Promise.all([...this.#closing].map((server) => once(server, 'close')))
  }

  /** Ends every connection now. */
  destroy(): void {
    for (const server of [...this.#servers.values(), ...this.#closing]) server.closeAllConnections()
  }

  async #listen(address: ListenAddress, limits: Limits): Promise<Server> {
    const server = createServer({
      connectionsCheckingInterval: 1000,
      requireHostHeader: false,
      insecureHTTPParser: false,
      noDelay: true,
      // With content Node hands over a stream that is no socket before the content has come.
      shouldUpgradeCallback: (request) => !hasContent(request),
    })
    applyLimits(server, limits)
    this.#wire(server)
    try {
      await bind(server, address, this.#handlers.shared === true)
    } catch (error) {
      throw listenError(error as NodeJS.ErrnoException, address)
    }
    return server
  }

  #wire(server: Server): void {
    const { onRequest, onUpgrade } = this.#handlers
    const idle = new IdleSockets(() => server.headersTimeout)
    const closeOlder = () => idle.closeOlder(server.keepAliveTimeout + server.headersTimeout)
    server.once('listening', () => {
      const sweep = setInterval(closeOlder, CLOSE_OLDER_EVERY).unref()
      server.once('close', () => clearInterval(sweep))
    })
    const listener = onePerConnection((request, response) => {
      this.#requests++
      const { socket } = request
      response.once('close', () => {
        this.#requests--
        idle.answered(socket)
      })
      if (!server.listening) response.shouldKeepAlive = false
      onRequest(request, response)
    })
    // Whoever reads the content asks for it; a request that is refused gets no 100 first.
    for (const event of ['request', 'checkContinue', 'checkExpectation']) server.on(event, listener)
    server.on('upgrade', (request, socket, head) => {
      idle.forget(socket as Socket)
      onUpgrade(request, socket, head)
    })
    server.on('connect', (_request, socket: Duplex) => refuseConnect(socket))
    server.on('clientError', (error, socket) => onClientError(error, socket as Socket))
    server.on('connection', (socket: Socket) => {
      idle.add(socket)
      this.#admit(socket)
    })
    // Without the first a client that ends its side after the request gets no answer.
    Object.assign(server, { httpAllowHalfOpen: true, closeIdleConnections: () => idle.close() })
  }

  /** Counts a connection, or closes it where its address has too many. Proxies that we trust speak for many clients. */
  #admit(socket: Socket): void {
    this.#connections++
    socket.once('close', () => this.#connections--)
    const address = parseAddress(socket.remoteAddress ?? '')
    if (address === null) return
    const { limits, trustedProxies } = this.#handlers.snapshot()
    // Who has one IPv6 address usually has the 2^64 around it.
    const holder = truncateAddress(address, 32, 64)
    const count = (this.#perAddress.get(holder) ?? 0) + 1
    this.#perAddress.set(holder, count)
    socket.once('close', () => {
      const left = this.#perAddress.get(holder)! - 1
      if (left === 0) this.#perAddress.delete(holder)
      else this.#perAddress.set(holder, left)
    })
    const tooMany = count > limits.connectionsPerAddress && trustedProxies.match(address) === null
    if (!tooMany && this.#connections <= limits.connections) return
    socket.destroy()
    this.#handlers.onRefused(tooMany ? 'connections_per_address' : 'connections')
  }

  /** The address is free at once, so that a later reload may open it again while old requests still end. */
  async #close(key: string): Promise<void> {
    const server = this.#servers.get(key)!
    this.#servers.delete(key)
    this.#closing.add(server)
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    const idle = setInterval(() => server.closeIdleConnections(), CLOSE_IDLE_EVERY)
    await closed
    clearInterval(idle)
    this.#closing.delete(server)
  }
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

function applyLimits(server: Server & { maxHeaderSize?: number }, limits: Limits): void {
  server.maxHeaderSize = limits.headers
  server.maxHeadersCount = 0
  server.headersTimeout = limits.headerTimeout
  server.requestTimeout = 0
  server.keepAliveTimeout = limits.idleTimeout
}

function refuseConnect(socket: Duplex): void {
  socket.on('error', () => {})
  const { _httpMessage: answering } = socket as Duplex & { _httpMessage?: unknown }
  if (answering) return void socket.destroy()
  const answer = 'HTTP/1.1 405 Method Not Allowed\r\nconnection: close\r\ncontent-length: 0\r\n\r\n'
  // Node has let go of the socket: nobody else would ever close our half of it.
  socket.end(answer, () => socket.destroy())
}

/** Port 0 is a different port each time, but the same listener across reloads. */
function keyOf({ host, port }: ListenAddress): string {
  return `${host} ${port}`
}
