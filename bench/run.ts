import type { Scope } from '../test/helpers/scope.ts'

/** The scope of a soak: what was started ends with it, the last first. */
export class Run implements Scope {
  readonly #teardowns: (() => unknown)[] = []

  teardown(fn: () => unknown): void {
    this.#teardowns.push(fn)
  }

  async end(): Promise<void> {
    for (let fn = this.#teardowns.pop(); fn !== undefined; fn = this.#teardowns.pop()) await fn()
  }
}

export interface SoakOptions {
  readonly seed: number
  readonly seconds: number | undefined
}
