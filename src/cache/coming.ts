import type { Body } from './body.ts'
import type { EntryHead } from './entry.ts'

/** An answer that is on its way, for all who ask for it meanwhile. */
export class Coming {
  readonly head: EntryHead
  readonly body: Body
  /** As it came with the answer, in seconds. */
  readonly age: number
  #readers = 0
  readonly #onDeserted: () => void

  /** @param onDeserted nobody reads it any more, while it comes */
  constructor(head: EntryHead, body: Body, age: number, onDeserted: () => void) {
    this.head = head
    this.body = body
    this.age = age
    this.#onDeserted = onDeserted
  }

  get readers(): number {
    return this.#readers
  }

  enter(): void {
    this.#readers++
  }

  leave(): void {
    this.#readers--
    if (this.#readers === 0 && this.body.state === 'filling') this.#onDeserted()
  }
}
