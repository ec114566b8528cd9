import { Parts } from '../parts.ts'
import type { Block } from './block.ts'

/** A body ended in the middle of something: an ordinary failure, which says nothing of lies. */
export class TruncatedError extends Error {
  constructor() {
    super('the answer ended too early')
    this.name = 'TruncatedError'
  }
}

/** Hears that nobody holds so many bytes of a chunk, or of a view of one, any more. */
export type Spend = (bytes: Uint8Array, length: number) => void

/** Reads a body in units of its format. What is handed out are views of the chunks that came: nothing is copied. */
export class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>
  readonly #spend: Spend
  #chunk: Uint8Array = new Uint8Array(0)
  #at = 0
  #ended = false

  /** @param spend hears of bytes that nobody gets */
  constructor(body: AsyncIterable<Uint8Array>, spend: Spend = () => {}) {
    this.#source = body[Symbol.asyncIterator]()
    this.#spend = spend
  }

  /** Whether there is nothing more. Waits for the next byte. */
  async atEnd(): Promise<boolean> {
    while (this.#at === this.#chunk.length) {
      if (this.#ended) return true
      const { done, value } = await this.#source.next()
      if (done) this.#ended = true
      else [this.#chunk, this.#at] = [value, 0]
    }
    return false
  }

  /** Exactly `size` bytes; a TruncatedError where there are fewer. */
  async take(size: number): Promise<Block> {
    const parts = new Parts()
    for (let missing = size; missing > 0; ) {
      if (this.#at === this.#chunk.length && (await this.atEnd())) throw new TruncatedError()
      const end = Math.min(this.#chunk.length, this.#at + missing)
      parts.add(this.#chunk.subarray(this.#at, end))
      missing -= end - this.#at
      this.#at = end
    }
    return { parts: parts.all, size }
  }

  /** An unsigned LEB128 number of at most `maxBytes` bytes; null where it is longer than that. */
  async varint(maxBytes: number): Promise<number | null> {
    let value = 0
    for (let index = 0; index < maxBytes; index++) {
      if (this.#at === this.#chunk.length && (await this.atEnd())) throw new TruncatedError()
      const byte = this.#chunk[this.#at++]!
      this.#spend(this.#chunk, 1)
      value += (byte & 0x7f) * 2 ** (7 * index)
      if (byte < 0x80) return value
    }
    return null
  }

  /** Gives up what has not been read. */
  async cancel(): Promise<void> {
    if (this.#ended) return
    this.#ended = true
    this.#at = this.#chunk.length
    await this.#source.return?.()
  }

  /**
   * For a body whose last wanted byte has been read: a body that ends here leaves its connection to the next request,
   * one that does not is cancelled. Waits for neither.
   */
  finish(): void {
    const rest = this.#ended || this.#at < this.#chunk.length ? Promise.resolve(true) : this.atEnd().then((end) => !end)
    rest.then((more) => (more ? this.cancel() : undefined)).catch(() => {})
  }
}
