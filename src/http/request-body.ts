import type { IncomingMessage } from 'node:http'
import type { ServerHttp2Stream } from 'node:http2'
import { Readable } from 'node:stream'
import type { Deadline } from '../delivery/deadlines.ts'
import type { Timers } from '../delivery/timers.ts'
import type { ErrorCode } from '../errors.ts'
import type { RequestHead } from './request-head.ts'

/** What may become of a request's content. Bytes and milliseconds. */
export interface RequestBodyOptions {
  readonly limit: number
  /** The least a second, once it has been waited for {@link GRACE}; 0: any. */
  readonly minRate: number
  /** Silence of either side while the content is on its way. */
  readonly idle: number
  /** Silence of the upstream after the last byte. */
  readonly answer: number
  /** The upstream is there: the content is about to be read for the first time. */
  onBegin(): void
  /** `body_too_large`, `request_timeout` (the client's silence) or `http_response_timeout` (the upstream's). */
  onFailure(code: ErrorCode): void
}

/** How long a client's content may be waited for, whatever its rate. Milliseconds. */
const GRACE = 30_000

/**
 * The content of a client's request as one attempt sends it. Nothing is read before the attempt asks, so a failed dial
 * leaves the content whole for the next one. Destroying it leaves the request alone: its socket has an answer to carry.
 */
export class RequestBody extends Readable {
  readonly #source: IncomingMessage
  readonly #timers: Timers
  readonly #options: RequestBodyOptions
  #deadline: Deadline | null = null
  #begun = false
  #ended = false
  #watching = true
  /** The upstream wants more than the client has sent. */
  #hungry = false
  #bytes = 0
  #lastActivity = 0
  /** Milliseconds that the upstream has waited for the client. */
  #waited = 0

  constructor(source: IncomingMessage, timers: Timers, options: RequestBodyOptions) {
    super()
    this.#source = source
    this.#timers = timers
    this.#options = options
    // Whoever destroys it with an error has its own way to tell.
    this.on('error', () => {})
  }

  /** The answer has begun, or nobody waits for it any more. */
  unwatch(): void {
    this.#watching = false
    this.#deadline?.cancel()
  }

  override _read(): void {
    this.#hungry = true
    this.#lastActivity = this.#timers.now()
    if (!this.#begun) this.#begin()
    this.#source.resume()
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#source.off('data', this.#onData).off('end', this.#onEnd)
    callback(error)
  }

  #begin(): void {
    this.#begun = true
    this.#options.onBegin()
    this.#source.on('data', this.#onData).on('end', this.#onEnd)
    this.#watch()
  }

  readonly #onData = (chunk: Buffer): void => {
    const now = this.#timers.now()
    this.#bytes += chunk.length
    if (this.#hungry) this.#waited += now - this.#lastActivity
    this.#lastActivity = now
    if (this.#bytes > this.#options.limit) return this.#fail('body_too_large')
    if (this.#tooSlow) return this.#fail('request_timeout')
    this.#hungry = false
    if (!this.push(chunk)) this.#source.pause()
  }

  /** One byte before each idle timeout would keep a connection for years. */
  get #tooSlow(): boolean {
    const { minRate } = this.#options
    return minRate > 0 && this.#waited > GRACE + (this.#bytes / minRate) * 1000
  }

  readonly #onEnd = (): void => {
    this.#ended = true
    this.#lastActivity = this.#timers.now()
    this.push(null)
    this.#deadline?.cancel()
    this.#watch()
  }

  #fail(code: ErrorCode): void {
    this.unwatch()
    this.#options.onFailure(code)
  }

  /** One deadline for the whole upload: it looks when something happened last instead of being set by each piece. */
  #watch(): void {
    if (!this.#watching) return
    const allowed = this.#ended ? this.#options.answer : this.#options.idle
    const silent = this.#timers.now() - this.#lastActivity
    if (silent >= allowed) this.#fail(this.#hungry && !this.#ended ? 'request_timeout' : 'http_response_timeout')
    else this.#deadline = this.#timers.after(allowed - silent, () => this.#watch())
  }
}

/** What a request of HTTP/2 has instead of framing fields. */
type Framed = Pick<RequestHead, 'headers' | 'complete'> & { readonly stream?: ServerHttp2Stream }

/** Whether a request has content: RFC 9112 section 6, RFC 9113 section 8.1. */
export function hasContent({ headers, stream }: Framed): boolean {
  if (stream !== undefined) return !stream.endAfterHeaders
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

/** Whether all of a request has come, its content included. */
export function hasCome(raw: Framed): boolean {
  return raw.complete || raw.stream?.endAfterHeaders === true
}
