import type { BodyListener } from '../../cache/body.ts'
import type { AnswerSink } from '../../delivery/client-writer.ts'
import type { Seat } from './seat.ts'

/** `nothing`: what was to come broke off before any of it was sent, not even the head. */
export type Poured = 'sent' | 'cut' | 'gone' | 'nothing'

/** Bytes that come, one after the other. */
export interface Source {
  /** `wait`: `onMore` is called when it is worth asking again. Throws what ended it where it failed. */
  next(onMore: BodyListener): Buffer | 'wait' | 'end'
  cancel(): void
}

export interface PourOptions {
  readonly writer: AnswerSink
  readonly seat: Seat
  /** What is sent, in order: bytes that are there, and readers of what comes. */
  readonly segments: readonly (Buffer | Source)[]
  /** Writes the head, before the first byte. */
  readonly head: () => void
  readonly done: (poured: Poured) => void
}

/** Sends one client what comes, as it comes and as the client takes it. What breaks off is cut visibly. */
export class Pour {
  readonly #options: PourOptions
  #at = 0
  #begun = false
  #over = false
  #paused = false

  constructor(options: PourOptions) {
    this.#options = options
  }

  start(): void {
    const { seat } = this.#options
    if (seat.gone) return this.#finish('gone')
    seat.serve(
      () => {
        this.#paused = false
        this.#pump()
      },
      () => this.#finish('gone'),
    )
    this.#pump()
  }

  #pump = (): void => {
    while (!this.#over && !this.#paused) {
      const next = this.#next()
      if (next === 'wait') return
      this.#begin()
      if (next === 'end') {
        this.#options.writer.end()
        return this.#finish('sent')
      }
      this.#paused = !this.#options.writer.write(next)
    }
  }

  #next(): Buffer | 'wait' | 'end' {
    const { segments } = this.#options
    try {
      while (this.#at < segments.length) {
        const segment = segments[this.#at]!
        const next = Buffer.isBuffer(segment) ? segment : segment.next(this.#pump)
        if (Buffer.isBuffer(segment) || next === 'end') this.#at++
        if (next !== 'end') return next
      }
      return 'end'
    } catch {
      this.#cut()
      return 'wait'
    }
  }

  #begin(): void {
    if (this.#begun) return
    this.#begun = true
    this.#options.head()
  }

  #cut(): void {
    if (!this.#begun) return this.#finish('nothing')
    this.#options.writer.abort()
    this.#finish('cut')
  }

  #finish(poured: Poured): void {
    if (this.#over) return
    this.#over = true
    this.#options.seat.release()
    for (const segment of this.#options.segments) if (!Buffer.isBuffer(segment)) segment.cancel()
    this.#options.done(poured)
  }
}
