import type { Cdn } from '../config/snapshot.ts'
import type { Log } from '../observe/log.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { CdnOrder } from './cdn-orders.ts'
import { CdnPurge, type CdnPurgeReport, type PurgeMeans } from './cdn-purge.ts'

export interface CdnPurgesOptions {
  readonly means: PurgeMeans
  readonly metrics: Metrics
  readonly log: Log
}

/** As the admin shows it. `not-configured`: nobody said how this Cdn is purged. */
export type CdnState = { readonly cdn: string } & (
  | CdnPurgeReport
  | { readonly status: 'not-configured' | 'overloaded' }
)

/** What became of an order, and what it is like until then. */
export interface Ordered {
  state(): CdnState
  /** Resolves to whether the Cdn has forgotten anything. */
  readonly ended: Promise<boolean>
}

/** Under way at a time. An operator whose CDNs answer has one or two. */
const MOST_RUNNING = 64

/** The purges that are under way at CDNs. */
export class CdnPurges {
  readonly #options: CdnPurgesOptions
  readonly #running = new Map<CdnPurge, Promise<boolean>>()
  #closed = false

  constructor(options: CdnPurgesOptions) {
    this.#options = options
  }

  /** Their series begin at 0: a first failure would be no increase otherwise. */
  adopt(cdns: readonly Cdn[]): void {
    const { cdnPurges, cdnPurgesPending } = this.#options.metrics
    for (const { name, purge } of cdns) {
      if (purge === null) continue
      for (const result of ['purged', 'failed', 'unsupported']) cdnPurges.child(name, result)
      cdnPurgesPending.child(name)
    }
  }

  start({ cdn: { name, purge: api }, order }: CdnOrder): Ordered {
    if (api === null) return ended({ cdn: name, status: 'not-configured' })
    if (this.#closed || this.#running.size >= MOST_RUNNING) return ended({ cdn: name, status: 'overloaded' })
    const purge = new CdnPurge(api, api.plan(order), this.#options.means)
    let last: CdnState | null = null
    const run = this.#run(name, order.id, purge).then((done) => {
      // What is left of it is small: a hundred of them are kept.
      last = { cdn: name, ...purge.report() }
      return done
    })
    this.#running.set(purge, run)
    return { state: () => last ?? { cdn: name, ...purge.report() }, ended: run }
  }

  /** What is not done yet is given up. */
  async close(): Promise<void> {
    this.#closed = true
    for (const purge of this.#running.keys()) purge.stop()
    await Promise.all(this.#running.values())
  }

  async #run(cdn: string, id: string, purge: CdnPurge): Promise<boolean> {
    const { metrics, log, means } = this.#options
    const began = means.now()
    const pending = metrics.cdnPurgesPending.child(cdn)
    pending.set(pending.value + 1)
    await purge.run()
    this.#running.delete(purge)
    pending.set(pending.value - 1)
    const { status, calls, not_purged: notPurged, not_purged_count: left } = purge.report()
    metrics.cdnPurges.child(cdn, status).inc()
    const told = { cdn, id, calls, ms: means.now() - began }
    if (left === 0) log.info('cdn-purged', told)
    else log.warn('cdn-not-purged', { ...told, status, not_purged: left, reason: notPurged[0]!.reason })
    return purge.done > 0
  }
}

function ended(state: CdnState): Ordered {
  return { state: () => state, ended: Promise.resolve(false) }
}
