import { createServer, type Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Limits } from '../config/snapshot.ts'
import type { Timers } from '../delivery/timers.ts'
import { onClientError } from './client-error.ts'
import type { Handlers } from './door.ts'
import { HitLane, type LaneOptions, type LaneRules, laneRules } from './hit-lane.ts'
import { IdleSockets } from './idle-sockets.ts'
import { onePerConnection, type RequestListener } from './pipeline.ts'
import { hasContent } from './request-body.ts'

type Http1Handlers = Pick<Handlers, 'onRequest' | 'onClosed' | 'onUpgrade' | 'onUnreadable' | 'hits'>

/** What Node says of a request that does not come. */
const LATE = Object.assign(new Error('no request has come'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' })
const CLOSE_OLDER_EVERY = 1_000

/** Speaks HTTP/1 on connections that are handed to it. It listens nowhere itself. */
export class Http1Server {
  readonly #server: Server
  readonly #idle: IdleSockets
  readonly #sweep: NodeJS.Timeout
  readonly #hits: Http1Handlers['hits']
  readonly #lane: Omit<LaneOptions, 'find'>
  #rules: LaneRules
  #closing = false

  constructor(handlers: Http1Handlers, limits: Limits, timers: Timers) {
    this.#hits = handlers.hits
    this.#rules = laneRules(limits, false)
    this.#lane = {
      timers,
      rules: () => this.#rules,
      join: (socket) => this.#join(socket),
      answered: (socket, now) => this.#idle.answered(socket, now),
    }
    this.#server = createServer({
      connectionsCheckingInterval: 1000,
      requireHostHeader: false,
      insecureHTTPParser: false,
      // With content Node hands over a stream that is no socket before the content has come.
      shouldUpgradeCallback: (request) => !hasContent(request),
    })
    this.#idle = new IdleSockets(() => this.#server.headersTimeout)
    // Without it a client that ends its side after the request gets no answer.
    Object.assign(this.#server, { httpAllowHalfOpen: true })
    this.#wire(handlers)
    this.apply(limits)
    // What looks for late request heads begins with this event.
    this.#server.emit('listening')
    const late = (socket: Socket) => refuse(LATE, socket, handlers.onUnreadable)
    const closeOlder = () => {
      this.#idle.closeOlder({ first: this.#server.headersTimeout, next: this.#server.keepAliveTimeout }, late)
    }
    this.#sweep = setInterval(closeOlder, CLOSE_OLDER_EVERY).unref()
  }

  apply(limits: Limits): void {
    this.#rules = laneRules(limits, this.#closing)
    Object.assign(this.#server, { maxHeaderSize: limits.headers })
    this.#server.maxHeadersCount = 0
    this.#server.headersTimeout = limits.headerTimeout
    this.#server.requestTimeout = 0
    this.#server.keepAliveTimeout = limits.idleTimeout
  }

  /** Takes over a connection, which may be paused with bytes in it. */
  serve(socket: Socket): void {
    // Node reports what is no HTTP to the server of the socket.
    Object.assign(socket, { server: this.#server })
    this.#idle.add(socket)
    const find = this.#hits()
    if (find === null) this.#join(socket)
    else HitLane.enter(socket, { ...this.#lane, find })
    socket.resume()
  }

  /** From now on an answer is the last one of its connection. To be called again and again: ends those that are idle. */
  drain(): void {
    this.#closing = true
    this.#rules = { ...this.#rules, closing: true }
    this.#idle.close()
  }

  /** After the last connection. */
  close(): void {
    clearInterval(this.#sweep)
    this.#server.close()
  }

  #join(socket: Socket): void {
    this.#idle.joined(socket)
    this.#server.emit('connection', socket)
  }

  #wire({ onRequest, onClosed, onUpgrade, onUnreadable }: Http1Handlers): void {
    const server = this.#server
    const answer: RequestListener = (request, response) => {
      // Node reads nothing behind the content of a request that asks for an upgrade.
      const last = request.headers.upgrade !== undefined && hasContent(request)
      if (last || this.#closing) response.shouldKeepAlive = false
      onRequest(request, response)
    }
    const listener = onePerConnection(answer, (socket) => {
      this.#idle.answered(socket)
      onClosed()
    })
    // Whoever reads the content asks for it; a request that is refused gets no 100 first.
    const ask: RequestListener = (request, response) => {
      if (hasContent(request)) HitLane.leaveToNode(request.socket)
      listener(request, response)
    }
    for (const event of ['request', 'checkContinue', 'checkExpectation']) server.on(event, ask)
    server.on('upgrade', (request, socket, head) => {
      HitLane.leave(socket as Socket)
      this.#idle.forget(socket as Socket)
      onUpgrade(request, socket, head)
    })
    server.on('connect', (_request, socket: Duplex) => {
      HitLane.leave(socket as Socket)
      if (refuseConnect(socket)) onUnreadable(405)
    })
    server.on('clientError', (error, socket) => refuse(error, socket as Socket, onUnreadable))
  }
}

/** The answer may have to wait for those before it: until then nothing that comes is a request either. */
function refuse(error: Error, socket: Socket, onAnswered: (status: number) => void): void {
  HitLane.leaveToNode(socket)
  onClientError(error, socket, onAnswered)
}

/** Says whether it was answered: not in the middle of another answer. */
function refuseConnect(socket: Duplex): boolean {
  socket.on('error', () => {})
  const { _httpMessage: answering } = socket as Duplex & { _httpMessage?: unknown }
  if (answering) {
    socket.destroy()
    return false
  }
  const answer = 'HTTP/1.1 405 Method Not Allowed\r\nconnection: close\r\ncontent-length: 0\r\n\r\n'
  // Node has let go of the socket: nobody else would ever close our half of it.
  socket.end(answer, () => socket.destroy())
  return true
}
