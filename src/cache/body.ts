import type { Part } from './rules/ranges.ts'

/** Where a reader is: the number of a chunk, its first byte's, and the list that they are counted in. */
interface Cursor {
  readonly chunks: readonly Buffer[]
  chunk: number
  start: number
}

export type BodyState = 'filling' | 'complete' | 'failed'

/** What is called when there is more to read, or nothing any more. */
export type BodyListener = () => void

/**
 * The content of one answer, which many may read while it comes. What was read stays, so that whoever comes late reads
 * from the beginning; a limit of bytes says when nobody can come late any more.
 */
export class Body {
  #chunks: Buffer[] = []
  /** Bytes before the first chunk that is still there, and how many chunks they were. */
  #dropped = 0
  #droppedChunks = 0
  #bytes = 0
  #state: BodyState = 'filling'
  #error: unknown = null
  #isOverLimit = false
  readonly #limit: number
  readonly #readers = new Set<BodyReader>()
  readonly #waiting = new Set<BodyListener>()
  #onDrain: (() => void) | null = null
  /** Where small pieces are put together, and how many bytes of it have some. */
  #block: Buffer = NOTHING
  #filled = 0
  readonly #ended = Promise.withResolvers<void>()

  /** @param limit bytes that are kept for those who come late; beyond it only what readers have not read is kept */
  constructor(limit = Number.POSITIVE_INFINITY) {
    this.#limit = limit
  }

  get state(): BodyState {
    return this.#state
  }

  /** Fulfilled when nothing more comes, for whatever reason. */
  get ended(): Promise<void> {
    return this.#ended.promise
  }

  /** Bytes that came. */
  get bytes(): number {
    return this.#bytes
  }

  /** What ended it where it failed. */
  get error(): unknown {
    return this.#error
  }

  /** Whether all of so many bytes would be kept for those who come late. */
  keeps(bytes: number): boolean {
    return bytes <= this.#limit
  }

  /** It is larger than its limit: nobody new can read it, and it cannot be stored. */
  get isOverLimit(): boolean {
    return this.#isOverLimit
  }

  /**
   * Adds what came. The bytes belong to the body from then on, or are copied where they are a small part of a larger
   * buffer, which would be kept as a whole.
   *
   * @returns false: a reader is far behind, and nothing more should come before `onDrain` has been called
   */
  append(chunk: Buffer): boolean {
    if (this.#state !== 'filling' || chunk.length === 0) return true
    if (!this.#gather(chunk)) this.#chunks.push(own(chunk))
    this.#bytes += chunk.length
    if (this.#bytes > this.#limit) {
      this.#isOverLimit = true
      this.#dropWhatIsRead()
    }
    this.#wake()
    return !this.#isBehind()
  }

  onDrain(listener: () => void): void {
    this.#onDrain = listener
  }

  end(): void {
    this.#finish('complete', null)
    // Who reads already keeps the list that there was.
    if (!this.#isOverLimit) this.#chunks = joined(this.#chunks, this.#bytes)
  }

  /** What came so far is no whole: readers get it, and then the error. */
  fail(error: unknown): void {
    this.#finish('failed', error)
  }

  /** null: what it would begin with is not there any more. */
  reader(first = 0, last = Number.POSITIVE_INFINITY): BodyReader | null {
    if (this.#isOverLimit || first < this.#dropped) return null
    const reader = new BodyReader(this, this.#chunks, first, last)
    if (this.#state === 'filling') this.#readers.add(reader)
    return reader
  }

  /** The bytes of a part of a complete body, as they lie. */
  slices({ first, last }: Part): Buffer[] {
    const found: Buffer[] = []
    let at = this.#dropped
    for (const chunk of this.#chunks) {
      const [from, to] = [Math.max(first - at, 0), Math.min(last + 1 - at, chunk.length)]
      if (from < to) found.push(from === 0 && to === chunk.length ? chunk : chunk.subarray(from, to))
      at += chunk.length
    }
    return found
  }

  /** For readers: moves to the chunk that has a position, and gives what it has from there; null: it has not come. */
  at(position: number, cursor: Cursor): Buffer | null {
    if (cursor.chunk < this.#droppedChunks) {
      cursor.chunk = this.#droppedChunks
      cursor.start = this.#dropped
    }
    for (;;) {
      const index = cursor.chunk - this.#droppedChunks
      const chunk = cursor.chunks[index]
      if (chunk === undefined) return null
      const end = cursor.start + chunk.length
      if (position < end) return position === cursor.start ? chunk : chunk.subarray(position - cursor.start)
      // The last one may grow.
      if (index === cursor.chunks.length - 1) return null
      cursor.start = end
      cursor.chunk++
    }
  }

  wait(listener: BodyListener): void {
    this.#waiting.add(listener)
  }

  /** A reader has read on, or has gone. */
  moved(reader: BodyReader, isDone: boolean): void {
    if (isDone) this.#readers.delete(reader)
    const wasBehind = this.#isOverLimit && this.#retained() > WINDOW
    if (this.#isOverLimit) this.#dropWhatIsRead()
    if (wasBehind && !this.#isBehind()) this.#onDrain?.()
  }

  /**
   * A piece costs more than a few bytes are worth, and an upstream may send one byte at a time: small pieces in a row are
   * put together in blocks that are filled. The last piece grows by that; what was read of it stays as it is.
   */
  #gather(chunk: Buffer): boolean {
    const last = this.#chunks.at(-1)
    if (chunk.length > SMALL || last === undefined) return false
    const block = this.#block
    const grows = last.buffer === block.buffer && last.byteOffset + last.length === block.byteOffset + this.#filled
    if (!grows && last.length > SMALL) return false
    const added = grows ? [chunk] : [last, chunk]
    const size = added.reduce((sum, { length }) => sum + length, 0)
    if (this.#filled + size > block.length) {
      if (grows) return false
      this.#block = Buffer.allocUnsafeSlow(BLOCK)
      this.#filled = 0
    }
    const start = grows ? last.byteOffset - block.byteOffset : this.#filled
    for (const piece of added) this.#filled += piece.copy(this.#block, this.#filled)
    this.#chunks[this.#chunks.length - 1] = this.#block.subarray(start, this.#filled)
    return true
  }

  #finish(state: BodyState, error: unknown): void {
    if (this.#state !== 'filling') return
    this.#state = state
    this.#error = error
    this.#wake()
    this.#ended.resolve()
  }

  #wake(): void {
    const listeners = [...this.#waiting]
    this.#waiting.clear()
    for (const listener of listeners) listener()
  }

  #dropWhatIsRead(): void {
    let least = this.#bytes
    for (const reader of this.#readers) least = Math.min(least, reader.position)
    let count = 0
    for (; count < this.#chunks.length && this.#dropped + this.#chunks[count]!.length <= least; count++) {
      this.#dropped += this.#chunks[count]!.length
    }
    this.#chunks.splice(0, count)
    this.#droppedChunks += count
  }

  #retained(): number {
    return this.#bytes - this.#dropped
  }

  #isBehind(): boolean {
    return this.#isOverLimit && this.#retained() > WINDOW
  }
}

/** Bytes that the slowest reader of what is not kept may be behind. */
const WINDOW = 2 ** 20
/** Bytes: what lies in one piece is written with one call. */
const ONE_PIECE = 2 ** 18
/** Bytes: what is no larger is put together with its like, in blocks. */
const SMALL = 2 ** 10
const BLOCK = 2 ** 14
const NOTHING = Buffer.alloc(0)

function joined(chunks: Buffer[], bytes: number): Buffer[] {
  if (bytes > ONE_PIECE) return chunks
  return chunks.length < 2 ? chunks.map(own) : [Buffer.concat(chunks)]
}

/** A small part of a larger buffer would keep all of it. */
function own(chunk: Buffer): Buffer {
  return chunk.length * 2 < chunk.buffer.byteLength ? Buffer.from(chunk) : chunk
}

/** One who reads a Body, from a byte to another, both included. Whoever stops calls `cancel`. */
export class BodyReader {
  readonly #body: Body
  readonly #last: number
  readonly #cursor: Cursor
  #position: number

  constructor(body: Body, chunks: readonly Buffer[], first: number, last: number) {
    this.#body = body
    this.#cursor = { chunks, chunk: 0, start: 0 }
    this.#position = first
    this.#last = last
  }

  get position(): number {
    return this.#position
  }

  /**
   * The next bytes; `wait`: they have not come; `end`: there are no more. Throws what ended the body where it failed.
   *
   * @param onMore called once when it is worth asking again, if the answer is `wait`
   */
  next(onMore: BodyListener): Buffer | 'wait' | 'end' {
    const body = this.#body
    if (this.#position > this.#last) return this.#end()
    const chunk = body.at(this.#position, this.#cursor)
    if (chunk !== null) {
      const wanted = this.#last - this.#position + 1
      const bytes = chunk.length > wanted ? chunk.subarray(0, wanted) : chunk
      this.#position += bytes.length
      body.moved(this, this.#position > this.#last)
      return bytes
    }
    if (body.state === 'failed') throw body.error
    if (body.state === 'complete') return this.#end()
    body.wait(onMore)
    return 'wait'
  }

  cancel(): void {
    this.#body.moved(this, true)
  }

  #end(): 'end' {
    this.#body.moved(this, true)
    return 'end'
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    try {
      for (;;) {
        const { promise, resolve } = Promise.withResolvers<void>()
        const next = this.next(resolve)
        if (next === 'end') return
        if (next === 'wait') await promise
        else yield next
      }
    } finally {
      this.cancel()
    }
  }
}
