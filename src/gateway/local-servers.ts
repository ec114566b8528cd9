import type { AcmeState } from '../acme/state.ts'
import { Ports } from '../workers/ports.ts'
import type { Edition, Prepared, Servers } from './edition.ts'
import { Serving, type ServingParts } from './serving.ts'

type LocalParts = Omit<ServingParts, 'processes'> & { readonly beside: boolean }

/** One process does everything: what controls and what serves share the Board, the locator and the metrics. */
export class LocalServers implements Servers {
  readonly size = 1
  readonly #serving: Serving
  readonly #ports: Ports
  #used = false

  /** `beside`: another gateway may have the addresses as well. */
  static async create({ beside, ...parts }: LocalParts): Promise<LocalServers> {
    return new LocalServers(await Serving.create({ ...parts, processes: 1 }), new Ports(beside))
  }

  private constructor(serving: Serving, ports: Ports) {
    this.#serving = serving
    this.#ports = ports
  }

  get addresses(): readonly string[] {
    return this.#serving.addresses
  }

  get serving(): number {
    return this.#used ? 1 : 0
  }

  async prepare(edition: Edition): Promise<Prepared> {
    const addresses = await this.#ports.resolve(edition.snapshot.listen)
    const listen = edition.snapshot.listen.map((listener, index) => ({ ...listener, ...addresses[index]! }))
    const prepared = await this.#serving.prepare({ ...edition, snapshot: { ...edition.snapshot, listen } })
    this.#used = true
    return {
      discard: prepared.discard,
      commit: () => {
        this.#ports.own(addresses)
        return prepared.commit()
      },
    }
  }

  tellHealth(): void {}

  tellProbe(): void {}

  async tellDrained(): Promise<void> {}

  async tellPurges(): Promise<void> {}

  tellQuotes(): void {}

  async tellManifest(): Promise<void> {}

  async tellAcme(change: Partial<AcmeState>): Promise<void> {
    this.#serving.useAcme(change)
  }

  async close(): Promise<void> {
    await this.#serving.close()
  }
}
