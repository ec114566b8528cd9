import type { ServerResponse } from 'node:http'
import { constants, type ServerHttp2Stream } from 'node:http2'
import type { ClientWriter } from './client-writer.ts'
import { resetSocket } from './reset-socket.ts'
import { isTaken, type Outlet, SendWatch, type SendWatchOptions, socketOutlet, streamOutlet } from './send-watch.ts'

/** How long a client may take nothing of its answer. */
export type SendLimit = Pick<SendWatchOptions, 'timers' | 'timeout'>

/**
 * The answer to one client: head, body with backpressure, and an end that is either complete or visibly cut.
 * Works on the raw response.
 */
export class ResponseWriter implements ClientWriter {
  readonly #response: ServerResponse
  /** Of an answer over HTTP/2. */
  readonly #stream: ServerHttp2Stream | undefined
  readonly #limit: SendLimit | null
  #watch: SendWatch | null = null
  #bytes = 0
  #over = false

  constructor(response: ServerResponse, limit: SendLimit | null = null) {
    this.#response = response
    this.#stream = (response as { readonly stream?: ServerHttp2Stream }).stream
    this.#limit = limit
  }

  /** Bytes of body handed over so far. */
  get bytes(): number {
    return this.#bytes
  }

  /** The client has not taken all of it yet. */
  get waiting(): boolean {
    return this.#response.writableLength > 0 || this.#response.writableNeedDrain
  }

  get headSent(): boolean {
    return this.#response.headersSent
  }

  /**
   * Calls `resume` whenever the client has taken what was waiting, `gone` once if it leaves before the end, and `leaving`
   * when it ends its side: most have left, a few only have nothing more to ask and wait for the answer.
   */
  watch(resume: () => void, gone: () => void, leaving: () => void = () => {}): void {
    // Over HTTP/2 the end of the request says nothing of the client's leaving.
    const socket = this.#stream === undefined ? this.#response.socket : null
    this.#response.on('drain', resume)
    this.#response.once('close', () => {
      socket?.off('end', leaving)
      if (!this.#over) {
        this.#over = true
        gone()
      }
    })
    if (socket?.readableEnded) queueMicrotask(leaving)
    else socket?.once('end', leaving)
    // A write to a connection that the client has reset reports here; `close` follows and is what we act upon.
    this.#response.on('error', () => {})
  }

  /** The connection is not to be used again: what is left of the request's content would be read as the next one. */
  closeAfter(): void {
    // RFC 9113 section 8.2.2: a stream of HTTP/2 concerns no other.
    if (this.#stream === undefined) this.#response.shouldKeepAlive = false
  }

  /**
   * An interim answer, before the head. RFC 9110 section 15.2: HTTP/1.0 clients know none. One with fields that Node does
   * not send is left out, as all are by a Node that has no means for them (before 26.2).
   *
   * @param headers a flat list of names and values
   */
  interim(status: number, headers: readonly string[]): void {
    const response: Informing = this.#response
    if (this.#over || this.headSent || response.req.httpVersion === '1.0') return
    try {
      response.writeInformation?.(status, this.#stream === undefined ? headers : byName(headers))
    } catch {}
  }

  /** @param headers a flat list of names and values */
  head(status: number, headers: string[]): void {
    if (this.#stream === undefined) this.#response.writeHead(status, headers)
    else this.#response.writeHead(status, byName(headers))
  }

  /**
   * Sends the head now, unless a body has taken it along: Node keeps it back for the first piece, which may be an hour
   * away in a stream of events.
   */
  flush(): void {
    if (this.#bytes > 0 || this.#over) return
    // flushHeaders() of HTTP/1 would write the head as UTF-8: two bytes for each above 0x7f.
    if (this.#stream === undefined) this.#response.write(NOTHING)
    else this.#response.flushHeaders()
  }

  /** False: wait for `resume`. */
  write(chunk: Buffer, taken?: (chunk: Buffer) => void): boolean {
    this.#bytes += chunk.length
    // What HTTP/2 makes of it is not known.
    const more =
      taken === undefined || this.#stream !== undefined
        ? this.#response.write(chunk)
        : this.#response.write(chunk, (error) => (error ? undefined : taken(chunk)))
    if (!more) this.#waitForClient()
    return more
  }

  /** The answer is complete. */
  end(body?: string | Buffer): void {
    this.#over = true
    if (body !== undefined) this.#bytes += Buffer.byteLength(body)
    if (this.#stream !== undefined) this.#seeOff(this.#stream)
    if (this.#goesWithHead(body)) this.#response.end(body.toString('latin1'), 'latin1')
    else this.#response.end(body)
    if (this.waiting && !this.#isTaken) this.#waitForClient()
  }

  /** What a window of HTTP/2 has no room for waits elsewhere. */
  get #isTaken(): boolean {
    const { socket } = this.#response
    return this.#stream === undefined && socket !== null && isTaken(socket)
  }

  /**
   * Whether a body is small and nothing has left yet: Node sends head and body in one piece where both are strings, which
   * is cheaper than two pieces. In latin1 a string has the bytes of the buffer.
   */
  #goesWithHead(body: string | Buffer | undefined): body is Buffer {
    const isSmall = Buffer.isBuffer(body) && body.length <= ONE_PIECE
    return isSmall && this.#stream === undefined && this.#bytes === body.length
  }

  /**
   * The answer is cut, and the client shall see it. A reset does that on every version of HTTP/1; closing would look
   * like the end of an HTTP/1.0 answer without a length. HTTP/2 has a frame for it (RFC 9113 section 6.4).
   */
  abort(): void {
    this.#over = true
    this.#cut(constants.NGHTTP2_INTERNAL_ERROR)
  }

  /** What is written here is handed over at once. */
  whenHandedOver(then: () => void): void {
    then()
  }

  /** A client that takes nothing is cut, and then it is gone as one that has left. */
  #waitForClient(): void {
    if (this.#limit === null || this.#response.destroyed || !this.#response.socket) return
    this.#watch ??= this.#newWatch(this.#limit)
    this.#watch.wait()
  }

  /** Of an answer that is complete the last part may wait below the stream, where no watch sees it. */
  #seeOff(stream: ServerHttp2Stream): void {
    leaveContent(stream)
    if (this.#limit === null) return
    const { timers, timeout } = this.#limit
    stream.once('finish', () => {
      const late = timers.after(timeout, () => stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM))
      stream.once('close', () => late.cancel())
    })
  }

  #newWatch(limit: SendLimit): SendWatch {
    const watch = new SendWatch(this.#outlet(), {
      ...limit,
      onStall: () => this.#cut(constants.NGHTTP2_ENHANCE_YOUR_CALM),
    })
    this.#response.once('close', () => watch.stop())
    return watch
  }

  #outlet(): Outlet {
    const stream = this.#stream
    return stream === undefined ? socketOutlet(this.#response.socket!) : streamOutlet(stream, () => this.#bytes)
  }

  #cut(code: number): void {
    if (this.#stream !== undefined) return this.#stream.close(code)
    resetSocket(this.#response.socket)
    this.#response.destroy()
  }
}

interface Informing extends Omit<ServerResponse, 'writeInformation'> {
  writeInformation?(status: number, headers: readonly string[] | Record<string, string | string[]>): void
}

const NOTHING = Buffer.alloc(0)
/** Bytes: with its head it fits into the 16 KiB that Node writes without allocating. */
const ONE_PIECE = 8_192
/** Milliseconds between two looks whether the end of an answer has left. */
const LOOK_EVERY = 20

/**
 * RFC 9113 section 8.1: the rest of the request's content is not wanted once the answer has ended. `finish` is too early
 * for that: what the client's window has no room for still waits below, and a reset would drop it. Node does the same to
 * a request that nobody reads, so one without content is read to its end.
 */
function leaveContent(stream: ServerHttp2Stream): void {
  if (stream.endAfterHeaders) return void stream.resume()
  const look = () => {
    if (stream.destroyed || stream.closed || stream.readableEnded) return
    if (stream.state.localClose === 1) stream.close(constants.NGHTTP2_NO_ERROR)
    else setTimeout(look, LOOK_EVERY)
  }
  stream.once('finish', look)
}

/** Header fields for HTTP/2: names in lower case (RFC 9113 section 8.2), every line of a field that has several. */
function byName(headers: readonly string[]): Record<string, string | string[]> {
  const fields: Record<string, string | string[]> = Object.create(null)
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!.toLowerCase()
    const value = headers[i + 1]!
    const known = fields[name]
    if (known === undefined) fields[name] = value
    else if (typeof known === 'string') fields[name] = [known, value]
    else known.push(value)
  }
  return fields
}
