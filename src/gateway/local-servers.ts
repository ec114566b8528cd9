import type { AcmeState } from '../acme/state.ts'
import type { Edition, Prepared, Servers } from './edition.ts'
import { Serving, type ServingParts } from './serving.ts'

/** One process does everything: what controls and what serves share the Board, the locator and the metrics. */
export class LocalServers implements Servers {
  readonly #serving: Serving
  #used = false

  static async create(parts: Omit<ServingParts, 'processes'>): Promise<LocalServers> {
    return new LocalServers(await Serving.create({ ...parts, processes: 1 }))
  }

  private constructor(serving: Serving) {
    this.#serving = serving
  }

  get addresses(): readonly string[] {
    return this.#serving.addresses
  }

  get serving(): number {
    return this.#used ? 1 : 0
  }

  async prepare(edition: Edition): Promise<Prepared> {
    const prepared = await this.#serving.prepare(edition)
    this.#used = true
    return prepared
  }

  tellHealth(): void {}

  async tellAcme(change: Partial<AcmeState>): Promise<void> {
    this.#serving.useAcme(change)
  }

  async close(): Promise<void> {
    await this.#serving.close()
  }
}
