import type { AnswerSink } from '../../delivery/client-writer.ts'

const NOBODY = () => {}

/** One client that waits for its answer: who serves it changes, and hears when it takes more or has left. */
export class Seat {
  gone = false
  /** It has ended its side, and may still read. */
  leaving = false
  #onResume: () => void = NOBODY
  #onGone: () => void = NOBODY
  #onLeaving: () => void = NOBODY

  constructor(writer: AnswerSink) {
    writer.watch(
      () => this.#onResume(),
      () => {
        this.gone = true
        this.#onGone()
      },
      () => {
        this.leaving = true
        this.#onLeaving()
      },
    )
  }

  /** Who serves from now on. */
  serve(resume: () => void, gone: () => void, leaving: () => void = NOBODY): void {
    this.#onResume = resume
    this.#onGone = gone
    this.#onLeaving = leaving
  }

  /** Whoever serves it now watches for itself. */
  release(): void {
    this.serve(NOBODY, NOBODY)
  }
}
