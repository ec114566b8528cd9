import { shortKey } from './short-key.ts'

/** Keys, each until a time of its own: at most so many, of which the oldest go first. */
export class Markers {
  readonly #most: number
  readonly #until = new Map<string, number>()

  constructor(most: number) {
    this.#most = most
  }

  get size(): number {
    return this.#until.size
  }

  /** @param now and `until`: milliseconds since the epoch */
  add(key: string, until: number, now: number): void {
    const name = shortKey(key)
    this.#until.delete(name)
    for (const [oldest, end] of this.#until) {
      if (now < end && this.#until.size < this.#most) break
      this.#until.delete(oldest)
    }
    this.#until.set(name, until)
  }

  has(key: string, now: number): boolean {
    if (this.#until.size === 0) return false
    const name = shortKey(key)
    const until = this.#until.get(name)
    if (until === undefined) return false
    if (now < until) return true
    this.#until.delete(name)
    return false
  }

  /** Whether it was there. */
  delete(key: string): boolean {
    return this.#until.size > 0 && this.#until.delete(shortKey(key))
  }
}
