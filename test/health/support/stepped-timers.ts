import type { Deadline } from '../../../src/delivery/deadlines.ts'

interface Entry {
  readonly at: number
  readonly expire: () => void
}

/** Timers whose clock a test moves: what is due runs in its order, each at its own time. */
export class SteppedTimers {
  readonly #entries = new Set<Entry>()
  #now: number

  constructor(now = 0) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  after(ms: number, expire: () => void): Deadline {
    const entry = { at: this.#now + ms, expire }
    this.#entries.add(entry)
    return { cancel: () => void this.#entries.delete(entry) }
  }

  /** How many deadlines are set. */
  get waiting(): number {
    return this.#entries.size
  }

  advance(ms: number): void {
    const end = this.#now + ms
    for (;;) {
      const due = [...this.#entries].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
      if (due === undefined) break
      this.#entries.delete(due)
      this.#now = Math.max(this.#now, due.at)
      due.expire()
    }
    this.#now = end
  }
}
