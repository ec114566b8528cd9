import type { Cdn, Snapshot } from '../config/snapshot.ts'
import { type Growth, Tally } from '../costs/growth.ts'
import { Ledger, type Statement } from '../costs/ledger.ts'
import { isPriced } from '../costs/price.ts'
import type { Quote } from '../costs/quote.ts'
import { LedgerStore } from '../costs/store.ts'
import type { QuoteList, QuoteSource } from '../costs/told-quotes.ts'
import type { Deadline } from '../delivery/deadlines.ts'
import type { Timers } from '../delivery/timers.ts'
import type { Log } from '../observe/log.ts'
import type { Metrics } from '../observe/metrics.ts'

export interface SpendKeeperOptions {
  readonly timers: Timers
  readonly metrics: Metrics
  readonly log: Log
  /** Milliseconds since the epoch. */
  now(): number
  /** What the next GB costs has changed. */
  onChange(quotes: QuoteList): void
}

/** How often what was metered is booked, and other processes are told what it means. Milliseconds. */
const INTERVAL = 250
/** How long a quote holds in this process: a few requests at most. Milliseconds. */
const FRESH = 20

/** What the controlling process knows of costs: the Ledger, what survives a restart, and what others have to know. */
export class SpendKeeper implements QuoteSource {
  /** For what is received in this process. */
  readonly meter = new Tally()
  readonly #options: SpendKeeperOptions
  readonly #ledger = new Ledger()
  readonly #quotes = new Map<string, Quote>()
  #freshUntil = Number.NEGATIVE_INFINITY
  #cdns: readonly Cdn[] = []
  #told = ''
  #store: LedgerStore | null = null
  #folder: string | null = null
  #next: Deadline | null = null

  constructor(options: SpendKeeperOptions) {
    this.#options = options
    options.metrics.onScrape(() => this.#export())
  }

  /** Takes over what an earlier process left where the Snapshot says. */
  async recall({ cdns, stateDir }: Snapshot): Promise<void> {
    this.#ledger.adopt(cdns, this.#options.now())
    this.#keepIn(stateDir)
    await this.#store?.load()
  }

  /** Counts by the terms of this Snapshot from now on. */
  adopt({ cdns, stateDir }: Snapshot): void {
    this.#cdns = cdns
    this.#ledger.adopt(cdns, this.#options.now())
    this.#freshUntil = Number.NEGATIVE_INFINITY
    this.#keepIn(stateDir)
    this.#next ??= this.#options.timers.after(INTERVAL, () => this.#tick())
  }

  quote(cdn: string): Quote {
    const now = this.#options.now()
    if (now >= this.#freshUntil || now < this.#freshUntil - FRESH) {
      this.#book(now)
      this.#quotes.clear()
      this.#freshUntil = now + FRESH
    }
    const known = this.#quotes.get(cdn)
    if (known !== undefined) return known
    const quote = this.#ledger.quote(cdn, now)
    this.#quotes.set(cdn, quote)
    return quote
  }

  /** What another process metered. */
  receive(growth: readonly Growth[]): void {
    this.#ledger.add(growth, this.#options.now())
  }

  /** What other processes have to know: of the Cdns that cost anything or have a limit. */
  quotes(): QuoteList {
    const now = this.#options.now()
    return this.#cdns
      .filter(({ pricing, commit, maxMbps }) => isPriced(pricing) || commit !== null || maxMbps !== null)
      .map(({ name }) => [name, this.#ledger.quote(name, now)] as const)
  }

  /** How the month of each Cdn stands. */
  statements(): Statement[] {
    const now = this.#options.now()
    this.#book(now)
    return this.#ledger.statements(this.#cdns, now)
  }

  async close(save: boolean): Promise<void> {
    this.#next?.cancel()
    this.#book(this.#options.now())
    await this.#store?.close(save)
  }

  #book(now: number): void {
    this.#ledger.add(this.meter.take(), now)
  }

  #tick(): void {
    this.#book(this.#options.now())
    const quotes = this.quotes()
    const told = JSON.stringify(quotes)
    if (told !== this.#told) this.#options.onChange(quotes)
    this.#told = told
    this.#next = this.#options.timers.after(INTERVAL, () => this.#tick())
  }

  #keepIn(folder: string | null): void {
    if (folder === this.#folder) return
    this.#folder = folder
    void this.#store?.close()
    const { timers, log, now } = this.#options
    const onProblem = (event: string, fields: object) => log.warn(event, { ...fields })
    this.#store = folder === null ? null : new LedgerStore({ folder, ledger: this.#ledger, timers, now, onProblem })
    this.#store?.start()
  }

  #export(): void {
    const { metrics } = this.#options
    for (const statement of this.statements()) {
      const { cdn } = statement
      metrics.cdnMonthBytes.child(cdn, 'exact').set(statement.bytes - statement.estimated_bytes)
      metrics.cdnMonthBytes.child(cdn, 'estimated').set(statement.estimated_bytes)
      metrics.cdnMonthCost.child(cdn).set(statement.cost)
      metrics.cdnMonthProjectedCost.child(cdn).set(statement.projected_cost)
      metrics.cdnPercentile.child(cdn).set(statement.p95_mbps)
      if (statement.level_mbps === null) continue
      metrics.cdnLevel.child(cdn).set(statement.level_mbps)
      metrics.cdnSamplesOverCommit.child(cdn).set(statement.samples_over_commit)
    }
  }
}
