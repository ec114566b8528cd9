import { createHash } from 'node:crypto'

/** Characters: keys are as long as URLs, which clients choose, and many are remembered. */
const LONGEST = 128

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
    const name = nameOf(key)
    this.#until.delete(name)
    for (const [oldest, end] of this.#until) {
      if (now < end && this.#until.size < this.#most) break
      this.#until.delete(oldest)
    }
    this.#until.set(name, until)
  }

  has(key: string, now: number): boolean {
    if (this.#until.size === 0) return false
    const name = nameOf(key)
    const until = this.#until.get(name)
    if (until === undefined) return false
    if (now < until) return true
    this.#until.delete(name)
    return false
  }

  /** Whether it was there. */
  delete(key: string): boolean {
    return this.#until.size > 0 && this.#until.delete(nameOf(key))
  }
}

/** No short key is a digest: all have a line feed. */
function nameOf(key: string): string {
  return key.length <= LONGEST ? key : createHash('sha256').update(key).digest('base64')
}
