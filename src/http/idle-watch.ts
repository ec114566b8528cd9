import type { Deadline } from '../delivery/deadlines.ts'
import type { Timers } from '../delivery/timers.ts'

/** Calls `expire` once nothing has touched it for so many milliseconds. A touch costs a reading of the clock. */
export class IdleWatch {
  readonly #timers: Timers
  readonly #allowed: number
  readonly #expire: () => void
  #deadline: Deadline
  #lastActivity: number

  constructor(timers: Timers, allowed: number, expire: () => void) {
    this.#timers = timers
    this.#allowed = allowed
    this.#expire = expire
    this.#lastActivity = timers.now()
    this.#deadline = timers.after(allowed, () => this.#look())
  }

  touch(): void {
    this.#lastActivity = this.#timers.now()
  }

  /** After it has expired: watches on. */
  again(): void {
    this.touch()
    this.#look()
  }

  stop(): void {
    this.#deadline.cancel()
  }

  #look(): void {
    const silent = this.#timers.now() - this.#lastActivity
    if (silent >= this.#allowed) this.#expire()
    else this.#deadline = this.#timers.after(this.#allowed - silent, () => this.#look())
  }
}
