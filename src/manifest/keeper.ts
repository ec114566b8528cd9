import { isDeepStrictEqual } from 'node:util'
import type { Snapshot } from '../config/snapshot.ts'
import type { Manifest } from './manifest.ts'
import { ManifestShelf } from './shelf.ts'
import type { ManifestShipment } from './shipment.ts'
import { type ManifestSource, SiteKeeper, type SiteKeeperOptions } from './site-keeper.ts'

export interface ManifestKeeperOptions extends Omit<SiteKeeperOptions, 'onChange'> {
  /** What other processes have to know of a site: call {@link shelve} there. Resolves when all have done so. */
  onChange(shipment: ManifestShipment): Promise<void>
}

/** How long a start waits for manifests of servers. Milliseconds. */
const PATIENCE = 10_000

type Kept = Pick<Snapshot, 'sites' | 'stateDir'>

/** The manifests of all sites in the process that controls. What serves asks its shelf. */
export class ManifestKeeper {
  readonly shelf = new ManifestShelf()
  readonly #options: ManifestKeeperOptions
  #keepers = new Map<string, SiteKeeper>()
  #folder: string | null = null
  #closing: Promise<unknown> = Promise.resolve()

  constructor(options: ManifestKeeperOptions) {
    this.#options = options
  }

  /**
   * What an earlier process accepted, and what is new since: before the first request, as far as servers answer in time.
   * To be followed by {@link adopt}, which looks again and again.
   */
  async recall(snapshot: Kept): Promise<void> {
    this.#replace(snapshot)
    const first = [...this.#keepers.values()].map(async (keeper) => {
      await keeper.recall()
      const look = keeper.look()
      // What is known serves until there is an answer.
      if ('file' in keeper.source.source || keeper.held === null) await look
    })
    await this.#atMost(PATIENCE, Promise.all(first))
    for (const keeper of this.#keepers.values()) keeper.start()
  }

  /** Keeps the manifests of the sites of this Snapshot, and no others. A site whose key is another begins anew. */
  adopt(snapshot: Kept): void {
    for (const keeper of this.#replace(snapshot)) {
      const begin = keeper.held === null ? keeper.recall() : Promise.resolve()
      void begin.then(() => keeper.look()).then(() => keeper.start())
    }
  }

  /** What is in use, by site; one that expired is among them. */
  get held(): ReadonlyMap<string, Pick<Manifest, 'sequence' | 'expires'>> {
    const entries = [...this.#keepers].flatMap(([site, { held }]) =>
      held === null ? [] : [[site, held.current.manifest] as const],
    )
    return new Map(entries)
  }

  /** What a process has to know that begins to serve now. */
  get shipments(): readonly ManifestShipment[] {
    return [...this.#keepers.values()].map(({ shipment }) => shipment)
  }

  async close(): Promise<void> {
    await Promise.all([this.#closing, ...[...this.#keepers.values()].map((keeper) => keeper.close())])
  }

  /** Returns the keepers that are new. */
  #replace({ sites, stateDir }: Kept): readonly SiteKeeper[] {
    const before = this.#keepers
    const sameFolder = this.#folder === stateDir
    this.#folder = stateDir
    const created: SiteKeeper[] = []
    this.#keepers = new Map(
      sourcesOf(sites).map((source) => {
        const old = before.get(source.site)
        if (sameFolder && old !== undefined && isDeepStrictEqual(old.source, source)) return [source.site, old]
        const keeper = this.#create(source, stateDir, old)
        created.push(keeper)
        return [source.site, keeper]
      }),
    )
    for (const [site, keeper] of before) if (this.#keepers.get(site) !== keeper) this.#end(site, keeper)
    return created
  }

  #create(source: ManifestSource, stateDir: string | null, old: SiteKeeper | undefined): SiteKeeper {
    const held = old?.source.publicKey === source.publicKey ? old.held : null
    const keeper: SiteKeeper = new SiteKeeper(source, stateDir, held, {
      ...this.#options,
      onChange: () => this.#onChange(keeper),
    })
    return keeper
  }

  #end(site: string, keeper: SiteKeeper): void {
    this.#closing = Promise.all([this.#closing, keeper.close()])
    if ((this.#keepers.get(site)?.held ?? null) !== null) return
    this.shelf.remove(site)
    const nothing = { current: null, previous: null, previousUntil: 0 }
    void this.#options.onChange({ site, publicKey: keeper.source.publicKey, ...nothing }).catch(() => {})
  }

  async #onChange(keeper: SiteKeeper): Promise<void> {
    // A look that was under way when the configuration changed.
    if (this.#keepers.get(keeper.source.site) !== keeper || keeper.held === null) return
    const { current, previous, previousUntil } = keeper.held
    this.shelf.put(current.manifest, previous?.manifest ?? null, previousUntil)
    await this.#options.onChange(keeper.shipment)
  }

  async #atMost(ms: number, work: Promise<unknown>): Promise<void> {
    const late = Promise.withResolvers<void>()
    const deadline = this.#options.timers.after(ms, late.resolve)
    await Promise.race([work, late.promise])
    deadline.cancel()
  }
}

function sourcesOf(sites: Kept['sites']): readonly ManifestSource[] {
  return sites.flatMap(({ name, manifest }) => (manifest === null ? [] : [{ site: name, ...manifest }]))
}
