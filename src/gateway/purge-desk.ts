import type { QueryKey } from '../cache/rules/key.ts'
import type { Site, Snapshot } from '../config/snapshot.ts'
import { PolycdnError } from '../errors.ts'
import type { Log } from '../observe/log.ts'
import type { Metrics } from '../observe/metrics.ts'
import { nameOfTag } from '../purging/apis/index.ts'
import { type AskedPurge, localPurges, parseAskedPurge } from '../purging/asked-purge.ts'
import { cdnOrders } from '../purging/cdn-orders.ts'
import type { PurgeMeans } from '../purging/cdn-purge.ts'
import { CdnPurges, type CdnState, type Ordered } from '../purging/cdn-purges.ts'
import type { InUse } from './admin-actions.ts'
import type { PurgeKeeper } from './purge-keeper.ts'

export interface PurgeDeskOptions {
  readonly keeper: PurgeKeeper
  readonly means: PurgeMeans
  readonly metrics: Metrics
  readonly log: Log
  inUse(): InUse
  /** A UUID that nobody has had. */
  newId(): string
}

/** What was purged, as the admin shows it. */
export interface PurgeReport {
  readonly id: string
  readonly site: string
  /** RFC 3339. */
  readonly at: string
  readonly soft: boolean
  readonly all: boolean
  /** How many; and what they were, as far as it is told. */
  readonly urls: number
  readonly prefixes: number
  readonly tags: number
  readonly purged: readonly string[]
  /** Whether it survives a restart of the gateway. */
  readonly kept: boolean
  readonly cdns: readonly CdnState[]
  /** Every CDN has forgotten it too. */
  readonly complete: boolean
}

/** A purge that was taken, and how it goes at the CDNs. */
interface Taken {
  readonly head: Omit<PurgeReport, 'cdns' | 'complete'>
  readonly ordered: readonly Ordered[]
}

/** Of what was purged, how much is told, and how many characters of a URL. */
const MOST_TOLD = 50
const LONGEST_TOLD = 300
/** Purges that are remembered. */
const MOST_KEPT = 100

/** Takes purges from operators: they are in force here first, then at the CDNs behind. */
export class PurgeDesk {
  readonly #options: PurgeDeskOptions
  readonly #cdns: CdnPurges
  #taken: readonly Taken[] = []

  constructor(options: PurgeDeskOptions) {
    this.#options = options
    this.#cdns = new CdnPurges(options)
  }

  /** The CDNs that there are now. */
  adopt({ cdns }: Snapshot): void {
    this.#cdns.adopt(cdns)
  }

  /** Resolves when it is in force in every process, and at the CDNs or their time is over. */
  async purge(body: unknown): Promise<PurgeReport | PolycdnError> {
    const { snapshot, findSite } = this.#options.inUse()
    const asked = parseAskedPurge(body, { sites: snapshot.sites, findSite, queryKeys })
    if (asked instanceof PolycdnError) return asked
    const id = this.#options.newId()
    const head = await this.#purgeHere(asked, id)
    const ordered = cdnOrders(asked, snapshot.sites, id).map((order) => this.#cdns.start(order))
    const taken = { head, ordered }
    this.#taken = [taken, ...this.#taken].slice(0, MOST_KEPT)
    await this.#settled(asked, ordered)
    return reportOf(taken)
  }

  /** The last ones, the newest first. */
  reports(): readonly PurgeReport[] {
    return this.#taken.map(reportOf)
  }

  async close(): Promise<void> {
    await this.#cdns.close()
  }

  async #purgeHere(asked: AskedPurge, id: string): Promise<Taken['head']> {
    const { keeper, means, metrics, log } = this.#options
    const { site, urls, prefixes, tags, all, soft } = asked
    const at = means.now()
    const counts = { urls: urls.length, prefixes: prefixes.length, tags: tags.length }
    log.info('purged', { id, site: site.name, ...counts, all, soft })
    const kinds = { url: counts.urls, prefix: counts.prefixes, tag: counts.tags, site: Number(all) }
    for (const [kind, count] of Object.entries(kinds)) if (count > 0) metrics.purges.child(site.name, kind).inc(count)
    const kept = await keeper.add(localPurges(asked, at))
    const purged = [...urls.map(({ text }) => text), ...prefixes.map(({ text }) => `${text}*`), ...tags.map(nameOfTag)]
    const told = purged.slice(0, MOST_TOLD).map((text) => text.slice(0, LONGEST_TOLD))
    return { id, site: site.name, at: new Date(at).toISOString(), soft, all, ...counts, purged: told, kept }
  }

  /** What came from a Cdn until it had forgotten may be what it should forget: that is purged here once more. */
  async #settled(asked: AskedPurge, ordered: readonly Ordered[]): Promise<void> {
    const { keeper, means } = this.#options
    const ends = ordered.map(async ({ ended }) => {
      if (await ended) await keeper.add(localPurges(asked, means.now()))
    })
    const timeUp = Promise.withResolvers<void>()
    const deadline = means.timers.after(asked.wait, timeUp.resolve)
    await Promise.race([Promise.allSettled(ends), timeUp.promise])
    deadline.cancel()
  }
}

function reportOf({ head, ordered }: Taken): PurgeReport {
  const cdns = ordered.map(({ state }) => state())
  return { ...head, cdns, complete: cdns.every(({ status }) => status === 'purged') }
}

/** What the caches of a Site's Policies make of queries. */
function queryKeys({ routes }: Site): readonly QueryKey[] {
  return [...new Set(routes.map(({ policy }) => policy))].flatMap(({ cache }) =>
    cache === null ? [] : [cache.key.query],
  )
}
