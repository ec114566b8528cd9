import type { Source } from './pour.ts'

const NOBODY = () => {}

/** What can be told at once that nobody reads on: `return` of a generator waits for what that waits for. */
export interface Pulled extends AsyncIterable<Buffer> {
  cancel?(): void
}

/** Reads what is pulled (from disk) as what comes: one piece ahead, and no further than is taken. */
export class PulledSource implements Source {
  readonly #source: Pulled
  readonly #iterator: AsyncIterator<Buffer>
  #ready: Buffer | null = null
  #ended: { readonly error: unknown } | 'end' | null = null
  #isPulling = false
  #onMore: () => void = NOBODY

  constructor(source: Pulled) {
    this.#source = source
    this.#iterator = source[Symbol.asyncIterator]()
  }

  next(onMore: () => void): Buffer | 'wait' | 'end' {
    const ready = this.#ready
    this.#ready = null
    if (this.#ended === null && !this.#isPulling) void this.#pull()
    if (ready !== null) return ready
    if (this.#ended === 'end') return 'end'
    if (this.#ended !== null) throw this.#ended.error
    this.#onMore = onMore
    return 'wait'
  }

  cancel(): void {
    this.#onMore = NOBODY
    this.#source.cancel?.()
    this.#iterator.return?.(undefined).catch(NOBODY)
  }

  async #pull(): Promise<void> {
    this.#isPulling = true
    try {
      const { done, value } = await this.#iterator.next()
      if (done === true) this.#ended = 'end'
      else this.#ready = value
    } catch (error) {
      this.#ended = { error }
    }
    this.#isPulling = false
    this.#onMore()
  }
}
