/** A few of the many things that could be remembered: what was used longest ago goes first. */
export class Memory<T> {
  readonly #most: number
  readonly #entries = new Map<string, { readonly value: T; readonly weight: number }>()
  #weight = 0

  /** @param most of all weights together */
  constructor(most: number) {
    this.#most = most
  }

  recall(key: string): T | null {
    const entry = this.#entries.get(key)
    if (entry === undefined) return null
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    return entry.value
  }

  remember(key: string, value: T, weight: number): void {
    this.#forget(key)
    this.#entries.set(key, { value, weight })
    this.#weight += weight
    for (const oldest of this.#entries.keys()) {
      if (this.#weight <= this.#most) break
      this.#forget(oldest)
    }
  }

  #forget(key: string): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    this.#entries.delete(key)
    this.#weight -= entry.weight
  }
}
