import type { Cdn } from '../config/snapshot.ts'
import { Ledger } from '../costs/ledger.ts'
import { monthOf } from '../costs/month.ts'
import { isPriced } from '../costs/price.ts'
import type { Quote } from '../costs/quote.ts'
import { MbpsSamples } from './mbps-samples.ts'
import type { Bill, Meter } from './meter.ts'

/**
 * Books what is replayed as a gateway would, by the clock of the log: a request that comes late is booked at the latest
 * time that was seen. A Cdn's cost is that of every month that the log touches, commits whole.
 */
export class BillMeter implements Meter {
  readonly #cdns: readonly Cdn[]
  readonly #samples = new MbpsSamples()
  readonly #ledger = new Ledger()
  /** Of months that are over. */
  readonly #settled = new Map<string, number>()
  #now = Number.NEGATIVE_INFINITY
  /** When the first of the running months ends. */
  #turnsAt = Number.NEGATIVE_INFINITY

  constructor(cdns: readonly Cdn[]) {
    this.#cdns = cdns
  }

  add(cdn: string, bytes: number, continent: string | null, at: number): void {
    this.#samples.add(cdn, bytes, at)
    this.#book({ cdn, continent: continent ?? 'default', bytes, requests: 1 }, at)
  }

  overflow(cdn: string, bytes: number, price: number, at: number): void {
    this.#book({ cdn, continent: 'default', overflow: bytes, overflowCost: (bytes / 1e9) * price }, at)
  }

  quote(cdn: string, at: number): Quote {
    this.#advance(at)
    return this.#ledger.quote(cdn, this.#now)
  }

  summary(): ReadonlyMap<string, Bill> {
    const bills = new Map(this.#samples.names.map((cdn) => [cdn, this.#bill(cdn, null)]))
    if (this.#now === Number.NEGATIVE_INFINITY) return bills
    const running = new Map(this.#ledger.statements(this.#cdns, this.#now).map(({ cdn, cost }) => [cdn, cost]))
    for (const cdn of this.#cdns.filter(({ commit, pricing }) => commit !== null || isPriced(pricing))) {
      bills.set(cdn.name, this.#bill(cdn.name, (this.#settled.get(cdn.name) ?? 0) + running.get(cdn.name)!))
    }
    return bills
  }

  #bill(cdn: string, cost: number | null): Bill {
    return { mbps95: this.#samples.percentile(cdn), cost }
  }

  #book(part: { readonly cdn: string; readonly continent: string } & Partial<typeof NOTHING>, at: number): void {
    this.#advance(at)
    this.#ledger.add([{ ...NOTHING, ...part }], this.#now)
  }

  #advance(at: number): void {
    if (at <= this.#now) return
    if (this.#now === Number.NEGATIVE_INFINITY) {
      this.#ledger.adopt(this.#cdns, at)
      this.#turnsAt = this.#nextEnd(at)
    }
    while (at >= this.#turnsAt) this.#settle(this.#turnsAt)
    this.#now = at
  }

  #settle(end: number): void {
    const last = end - 1
    const over = this.#cdns.filter((cdn) => endOf(cdn, last) === end)
    for (const { cdn, cost } of this.#ledger.statements(over, last)) {
      this.#settled.set(cdn, (this.#settled.get(cdn) ?? 0) + cost)
    }
    this.#turnsAt = this.#nextEnd(end)
  }

  #nextEnd(at: number): number {
    return Math.min(...this.#cdns.map((cdn) => endOf(cdn, at)))
  }
}

const NOTHING = { bytes: 0, estimated: 0, requests: 0, overflow: 0, overflowCost: 0 }

function endOf({ commit }: Cdn, at: number): number {
  return monthOf(at, commit?.timezone ?? 'UTC').end
}
