import { Body } from '../../cache/body.ts'
import type { Cache, Landed } from '../../cache/cache.ts'
import { Coming } from '../../cache/coming.ts'
import type { EntryHead } from '../../cache/entry.ts'
import type { Boarding } from '../../cache/flights.ts'
import { type Edition, PIECE, pieceKey, pieceOf } from '../../cache/rules/pieces.ts'
import type { Part } from '../../cache/rules/ranges.ts'
import type { AnswerSink } from '../../delivery/client-writer.ts'
import type { PartUpstream } from './fetch.ts'

export type Leading = Extract<Boarding<Landed>, { readonly role: 'leader' }>

export interface PieceRunOptions {
  readonly cache: Cache
  readonly key: string
  readonly edition: Edition
  /** The head of the object, as this answer has it. */
  readonly head: EntryHead
  /** What comes: whole pieces, of which the last may be the end of the object. */
  readonly part: Part
  /** Of each piece; null: nobody else may wait for it. */
  readonly flights: readonly (Leading | null)[]
  readonly upstream: PartUpstream
}

/**
 * Takes one answer apart into pieces: each can be read while it comes, and is stored when it has come. It runs ahead of
 * who reads first by no more than two pieces, and without readers ends with the piece that it is in.
 */
export class PieceRun implements AnswerSink {
  readonly pieces: readonly Coming[]
  readonly #upstream: PartUpstream
  #bytes = 0
  /** The piece that is coming, and the last one that somebody has begun to read. */
  #at = 0
  #reached = 0
  #readers = 0
  #isPaused = false

  constructor({ cache, key, edition, head, part, flights, upstream }: PieceRunOptions) {
    this.#upstream = upstream
    const first = pieceOf(part.first)
    this.pieces = Array.from({ length: pieceOf(part.last) - first + 1 }, (_, index) => {
      const at = first + index
      const size = Math.min((at + 1) * PIECE, part.last + 1) - at * PIECE
      const own = { ...head, ...OF_ALL_VARIANTS, key: pieceKey(key, edition, at), size, parts: null }
      const coming = new ReadPiece(own, (by) => this.#onReaders(index, by))
      flights[index]?.land({ kind: 'coming', coming })
      // Until it can be found, it is here for those who ask.
      void cache.store(coming, PIECE).finally(() => flights[index]?.done())
      return coming
    })
  }

  get bytes(): number {
    return this.#bytes
  }

  get waiting(): boolean {
    return false
  }

  /** Who fetches is asked through `PartUpstream`. */
  watch(): void {}

  head(): void {}

  flush(): void {}

  write(chunk: Buffer): boolean {
    this.#bytes += chunk.length
    let rest = chunk
    while (rest.length > 0 && this.#at < this.pieces.length) {
      const { head, body } = this.pieces[this.#at]!
      const missing = head.size! - body.bytes
      body.append(rest.subarray(0, missing))
      if (rest.length >= missing) this.#complete(body)
      rest = rest.subarray(missing)
    }
    this.#isPaused = this.#isAhead
    return !this.#isPaused
  }

  end(): void {
    this.abort()
  }

  abort(): void {
    for (const { body } of this.pieces) body.fail(new Error('the answer broke off'))
  }

  #complete(body: Body): void {
    body.end()
    this.#at++
    if (this.#readers === 0 && this.#at < this.pieces.length) this.#upstream.cancel()
  }

  get #isAhead(): boolean {
    return this.#at > this.#reached + 1 && this.#at < this.pieces.length
  }

  /** Nothing of the next piece has come. */
  get #isBetween(): boolean {
    const next = this.pieces[this.#at]?.body
    return next?.state === 'filling' && next.bytes === 0
  }

  #onReaders(index: number, by: 1 | -1): void {
    this.#readers += by
    this.#reached = Math.max(this.#reached, index)
    if (this.#readers === 0 && (this.#isPaused || this.#isBetween)) return this.#upstream.cancel()
    if (!this.#isPaused || this.#isAhead) return
    this.#isPaused = false
    this.#upstream.resume()
  }
}

/** A piece is found by the head of its object, which was chosen by Vary. */
const OF_ALL_VARIANTS = { fields: [], varyNames: [], secondaryKey: '' } as const

class ReadPiece extends Coming {
  readonly #onReaders: (by: 1 | -1) => void

  constructor(head: EntryHead, onReaders: (by: 1 | -1) => void) {
    super(head, new Body(), 0, () => {})
    this.#onReaders = onReaders
  }

  override enter(): void {
    super.enter()
    this.#onReaders(1)
  }

  override leave(): void {
    super.leave()
    this.#onReaders(-1)
  }
}
