import type { AnswerSink } from '../../delivery/client-writer.ts'
import type { Deadline } from '../../delivery/deadlines.ts'
import type { Timers } from '../../delivery/timers.ts'

const NOBODY = () => {}
/** How long a client that ended its side may get nothing. Milliseconds. */
const GRACE = 1000

/**
 * One client that waits for its answer: who serves it changes, and hears when it takes more or has left. A client that
 * only ended its side gets what comes soon: with nothing to write, nobody could tell that it has left.
 */
export class Seat {
  gone = false
  /** It has ended its side, and may still read. */
  leaving = false
  readonly #writer: AnswerSink
  readonly #timers: Timers
  #onResume: () => void = NOBODY
  #onGone: () => void = NOBODY
  #onLeaving: () => void = NOBODY
  #isServed = false
  /** Until the next look at a client that ended its side. */
  #look: Deadline | null = null

  constructor(writer: AnswerSink, timers: Timers) {
    this.#writer = writer
    this.#timers = timers
    writer.watch(
      () => this.#onResume(),
      () => this.#leave(),
      () => {
        this.leaving = true
        if (!this.#isServed) return
        this.#onLeaving()
        this.#watch()
      },
    )
  }

  /** Who serves from now on. */
  serve(resume: () => void, gone: () => void, leaving: () => void = NOBODY): void {
    this.#onResume = resume
    this.#onGone = gone
    this.#onLeaving = leaving
    this.#isServed = true
    if (this.leaving) this.#watch()
  }

  /** Nobody serves it, or whoever does watches for itself. */
  release(): void {
    this.serve(NOBODY, NOBODY)
    this.#isServed = false
    this.#look?.cancel()
  }

  #watch(before = this.#writer.bytes): void {
    this.#look?.cancel()
    this.#look = this.#timers.after(GRACE, () => {
      const { bytes, waiting } = this.#writer
      if (bytes !== before || waiting) return this.#watch(bytes)
      this.#writer.abort()
      this.#leave()
    })
  }

  #leave(): void {
    this.gone = true
    this.#look?.cancel()
    this.#onGone()
  }
}
