/** How many are remembered, of all sites together. */
const MAX = 10_000

/** What networks proved not to have, for a while: nobody has to be asked again. Times are milliseconds of any one clock. */
export class Absences {
  readonly #until = new Map<string, number>()

  has(key: string, now: number): boolean {
    const until = this.#until.get(key)
    if (until === undefined) return false
    if (now < until) return true
    this.#until.delete(key)
    return false
  }

  add(key: string, until: number): void {
    this.#until.delete(key)
    if (this.#until.size >= MAX) this.#until.delete(this.#until.keys().next().value!)
    this.#until.set(key, until)
  }
}
