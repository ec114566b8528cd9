import type { Attempt } from './attempt.ts'

/** What may wait to be taken before the endpoint is paused: enough to keep a connection busy. Bytes. */
const HIGH_WATER = 512 * 1024
/** What a piece costs besides its bytes: an endpoint may send one byte at a time. */
const COST = 256

/**
 * The body of an Attempt, pulled instead of pushed: with backpressure, and cancelled where its reader stops. Rejects with
 * what ended it. One reader, one `next` at a time.
 */
export class PulledBody implements AsyncIterableIterator<Buffer> {
  readonly #attempt: () => Attempt
  #chunks: Buffer[] = []
  #at = 0
  #bytes = 0
  #end: { readonly error: Error | null } | null = null
  #waiting: { resolve(result: IteratorResult<Buffer>): void; reject(error: Error): void } | null = null

  constructor(attempt: () => Attempt) {
    this.#attempt = attempt
  }

  /** False: no more for now. */
  push(chunk: Buffer): boolean {
    const waiting = this.#waiting
    if (waiting !== null) {
      this.#waiting = null
      waiting.resolve({ done: false, value: chunk })
      return true
    }
    this.#chunks.push(chunk)
    this.#bytes += chunk.length + COST
    return this.#bytes < HIGH_WATER
  }

  /** @param error null: the body is complete */
  finish(error: Error | null): void {
    this.#end = { error }
    const waiting = this.#waiting
    this.#waiting = null
    if (error === null) waiting?.resolve({ done: true, value: undefined })
    else waiting?.reject(error)
  }

  next(): Promise<IteratorResult<Buffer>> {
    const chunk = this.#take()
    if (chunk !== null) return Promise.resolve({ done: false, value: chunk })
    if (this.#end?.error === null) return Promise.resolve({ done: true, value: undefined })
    if (this.#end !== null) return Promise.reject(this.#end.error)
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
    })
  }

  return(): Promise<IteratorResult<Buffer>> {
    this.#attempt().cancel()
    this.#chunks = []
    this.#bytes = 0
    this.#end ??= { error: null }
    return Promise.resolve({ done: true, value: undefined })
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** The list is not shifted: each of a thousand chunks would move all that follow. */
  #take(): Buffer | null {
    const chunk = this.#chunks[this.#at]
    if (chunk === undefined) return null
    if (++this.#at === this.#chunks.length) {
      this.#chunks = []
      this.#at = 0
    }
    this.#bytes -= chunk.length + COST
    if (this.#bytes < HIGH_WATER / 2) this.#attempt().resume()
    return chunk
  }
}
