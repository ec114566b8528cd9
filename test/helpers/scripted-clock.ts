import type { Deadline } from '../../src/delivery/deadlines.ts'

/** Timers whose time passes when a test says so. */
export class ScriptedClock {
  #now = 0
  #next = 1
  readonly #set = new Map<number, { readonly at: number; readonly expire: () => void }>()

  now(): number {
    return this.#now
  }

  /** Deadlines that are set: milliseconds from now. */
  get pauses(): readonly number[] {
    return [...this.#set.values()].map(({ at }) => at - this.#now).sort((a, b) => a - b)
  }

  after(ms: number, expire: () => void): Deadline {
    const id = this.#next++
    this.#set.set(id, { at: this.#now + ms, expire })
    return { cancel: () => void this.#set.delete(id) }
  }

  /** Fires what is due, in its order. */
  advance(ms: number): void {
    this.#now += ms
    const due = [...this.#set].filter(([, { at }]) => at <= this.#now).sort(([, a], [, b]) => a.at - b.at)
    for (const [id, { expire }] of due) if (this.#set.delete(id)) expire()
  }
}
