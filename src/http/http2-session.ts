import { constants, type Http2Stream, type ServerHttp2Session } from 'node:http2'
import type { Socket } from 'node:net'

/** Milliseconds without a request: until the first one, and between two. */
export interface Patience {
  readonly first: number
  readonly idle: number
}

/** A stream has begun; the function says that it ended. null: it is one too many. */
export type BeginStream = () => (() => void) | null

/** How long a client that was told to send no more requests may still do so: those were on their way. Milliseconds. */
const GRACE = 1_000
const LAST_STREAM = 2 ** 31 - 1

/**
 * Ends an HTTP/2 connection when it is not used. Frames that ask for nothing (PING, SETTINGS, half a header section) do
 * not count as use.
 */
export class Http2Session {
  readonly #session: ServerHttp2Session
  readonly #socket: Socket
  readonly #patience: Patience
  readonly #begin: BeginStream
  #timer: NodeJS.Timeout
  #streams = 0
  #leaving = false

  constructor(session: ServerHttp2Session, socket: Socket, patience: Patience, begin: BeginStream) {
    this.#session = session
    this.#socket = socket
    this.#patience = patience
    this.#begin = begin
    this.#timer = setTimeout(() => this.#end(), patience.first)
    session.on('stream', (stream) => this.#onStream(stream))
    socket.once('close', () => clearTimeout(this.#timer))
  }

  /**
   * RFC 9113 section 6.8: first a GOAWAY that refuses nothing, and when the client has seen it, which a PING tells, the
   * one that ends it. Requests that were on their way are answered.
   */
  shutDown(): void {
    if (this.#leaving || this.#session.destroyed) return
    this.#leaving = true
    const end = () => {
      clearTimeout(late)
      this.#end()
    }
    const late = setTimeout(end, GRACE)
    this.#session.goaway(constants.NGHTTP2_NO_ERROR, LAST_STREAM)
    if (!this.#session.ping(end)) end()
  }

  #onStream(stream: Http2Stream): void {
    clearTimeout(this.#timer)
    this.#streams++
    const ended = this.#begin()
    // RFC 9113 section 8.7: nothing was done for it, so a client may ask again.
    if (ended === null) stream.close(constants.NGHTTP2_REFUSED_STREAM)
    stream.once('close', () => {
      ended?.()
      if (--this.#streams > 0) return
      if (this.#session.closed || this.#session.destroyed) this.#cutLater()
      else this.#timer = setTimeout(() => this.#end(), this.#patience.idle)
    })
  }

  /** Lets running streams end. */
  #end(): void {
    if (!this.#session.closed && !this.#session.destroyed) this.#session.close()
    this.#cutLater()
  }

  /**
   * Node waits for the client to end its side too, and in the middle of a header section does not even begin to. Whoever
   * does not leave by then never would.
   */
  #cutLater(): void {
    clearTimeout(this.#timer)
    if (this.#socket.destroyed) return
    this.#timer = setTimeout(() => this.#streams > 0 || this.#socket.destroy(), this.#patience.first)
  }
}
