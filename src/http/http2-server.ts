import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  createServer,
  type Http2Server as NodeServer,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import type { Socket } from 'node:net'
import type { Limits } from '../config/snapshot.ts'
import type { Address } from '../geo/address.ts'
import { MAX_STREAMS } from './census.ts'
import { connectionOf } from './connection.ts'
import type { Handlers } from './door.ts'
import { asHttp1 } from './http2-request.ts'
import { Http2Session } from './http2-session.ts'

type Http2Handlers = Pick<Handlers, 'onRequest' | 'onClosed'>

/** `:method`, `:scheme`, `:authority`, `:path`. */
const PSEUDO_FIELDS = 4
/** Streams that a client may open and reset at once, and in a second after that (CVE-2023-44487). */
const RESET_BURST = 200
const RESET_RATE = 33
/** Frames that make no sense, and streams refused because the connection uses too much, before it is ended. */
const MAX_INVALID_FRAMES = 100
const MAX_REJECTED_STREAMS = 100
/** Megabytes of one connection: its header tables, its unsent frames. */
const MAX_SESSION_MEMORY = 10
/** Entries of one SETTINGS frame; there are seven settings. */
const MAX_SETTINGS = 32

/**
 * Speaks HTTP/2 (RFC 9113) on connections that are handed to it, with the same handlers as HTTP/1. It listens nowhere
 * itself. nghttp2 below it refuses floods of CONTINUATION frames, of PINGs and SETTINGS without an acknowledgement read,
 * connection-specific fields, and content that differs from its Content-Length.
 */
export class Http2Server {
  readonly #sessions = new Set<Http2Session>()
  readonly #handlers: Http2Handlers
  readonly #beginStream: (client: Address) => (() => void) | null
  #server: NodeServer
  #limits: Limits
  #closing = false

  /** @param beginStream null: it is one too many; else it is told that the stream ended */
  constructor(handlers: Http2Handlers, limits: Limits, beginStream: (client: Address) => (() => void) | null) {
    this.#handlers = handlers
    this.#beginStream = beginStream
    this.#limits = limits
    this.#server = this.#create()
  }

  /** Connections that are open keep the limits that they were told of. */
  apply(limits: Limits): void {
    this.#limits = limits
    this.#server = this.#create()
  }

  /** Takes over a connection, which may be paused with bytes in it. */
  serve(socket: Socket): void {
    // Whoever has ended its side can send no frame any more, nor widen a window: it has left.
    socket.allowHalfOpen = false
    const watch = (session: ServerHttp2Session) => this.#watch(session, socket)
    // Within the emit: a session shows its socket to nobody.
    this.#server.once('session', watch).emit('connection', socket)
    this.#server.off('session', watch)
  }

  /** Tells every client that no more requests are taken; what runs goes on (RFC 9113 section 6.8). */
  drain(): void {
    this.#closing = true
    for (const session of this.#sessions) session.shutDown()
  }

  #create(): NodeServer {
    const { headers, headerCount } = this.#limits
    const server = createServer({
      settings: { enablePush: false, maxConcurrentStreams: MAX_STREAMS, maxHeaderListSize: headers },
      maxHeaderListPairs: headerCount + PSEUDO_FIELDS,
      maxSessionMemory: MAX_SESSION_MEMORY,
      maxSessionInvalidFrames: MAX_INVALID_FRAMES,
      maxSessionRejectedStreams: MAX_REJECTED_STREAMS,
      maxSettings: MAX_SETTINGS,
      streamResetBurst: RESET_BURST,
      streamResetRate: RESET_RATE,
      // Else an upstream that says Date twice makes Node throw where the answer begins.
      strictSingleValueFields: false,
    })
    server.on('sessionError', () => {})
    const listener = (request: unknown, response: unknown) => {
      const { stream } = response as { readonly stream: ServerHttp2Stream }
      // Streams that are reset in the packet that opened them, hundreds before nghttp2 sees a flood, reach nobody.
      setImmediate(() => {
        if (stream.closed || stream.destroyed) return
        stream.once('close', this.#handlers.onClosed)
        // The compatible requests and responses have all that the handlers use.
        this.#handlers.onRequest(asHttp1(request as IncomingMessage), response as ServerResponse)
      })
    }
    // Whoever reads the content asks for it; a request that is refused gets no 100 first.
    for (const event of ['request', 'checkContinue', 'checkExpectation']) server.on(event, listener)
    return server
  }

  #watch(nodeSession: ServerHttp2Session, socket: Socket): void {
    const { headerTimeout, idleTimeout } = this.#limits
    const { peer } = connectionOf(socket)
    const patience = { first: headerTimeout, idle: idleTimeout }
    const session = new Http2Session(nodeSession, socket, patience, () => this.#beginStream(peer))
    this.#sessions.add(session)
    nodeSession.once('close', () => this.#sessions.delete(session))
    if (this.#closing) session.shutDown()
  }
}
