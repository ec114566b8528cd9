/**
 * The Cdns that an operator drained while the gateway runs, by name: nothing new is sent to them. They are no part of a
 * configuration, so a reload changes nothing about them.
 */
export class Drains {
  #names: ReadonlySet<string> = new Set()

  get names(): readonly string[] {
    return [...this.#names].sort()
  }

  has(cdn: string): boolean {
    return this.#names.has(cdn)
  }

  replace(names: Iterable<string>): void {
    this.#names = new Set(names)
  }
}
