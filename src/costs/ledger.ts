import type { Cdn } from '../config/snapshot.ts'
import { Account, type Books } from './account.ts'
import { billOf } from './bill.ts'
import type { Growth } from './growth.ts'
import { monthName } from './month.ts'
import { countAbove } from './percentile.ts'
import { type Quote, UNPRICED } from './quote.ts'
import { Quotes } from './quotes.ts'
import { SAMPLE_BYTES_PER_MBPS } from './volume.ts'

/** How the month of a Cdn stands. */
export interface Statement {
  readonly cdn: string
  /** `2026-11`, in `timezone`. */
  readonly month: string
  readonly timezone: string
  readonly bytes: number
  /** The part of `bytes` that is an estimate: of what redirected clients fetched. */
  readonly estimated_bytes: number
  readonly requests: number
  /** Of the samples that are over. */
  readonly p95_mbps: number
  /** The part of the commit that is this gateway's. */
  readonly commit: { readonly mbps: number } | { readonly gb: number } | null
  /** What ordinary samples are filled to now; null where no percentile is billed. */
  readonly level_mbps: number | null
  readonly samples_over_commit: number
  readonly cost: number
  readonly projected_cost: number
}

/** What is kept of a Cdn across restarts. */
export interface Kept {
  readonly cdn: string
  readonly books: Books
  readonly before: Float64Array
}

interface Entry {
  readonly cdn: Cdn
  readonly account: Account
  readonly quotes: Quotes
}

/**
 * What every Cdn has delivered this month and what that costs: the only owner of these numbers, which outlive reloads.
 * Pure: the clock is an argument, milliseconds since the epoch. A Cdn that a reload removes keeps its books until it is
 * back or the gateway ends.
 */
export class Ledger {
  readonly #entries = new Map<string, Entry>()
  #version = 0

  /** Grows whenever `export` has something new to tell. */
  get version(): number {
    return this.#version
  }

  /** Takes over the terms of a new Snapshot. */
  adopt(cdns: readonly Cdn[], now: number): void {
    for (const cdn of cdns) {
      const known = this.#entries.get(cdn.name)
      const account = known?.account ?? new Account(cdn, now)
      account.adopt(cdn, now)
      this.#entries.set(cdn.name, { cdn, account, quotes: new Quotes(cdn, account) })
    }
  }

  /** Books what was metered. What is metered of a Cdn that is not known any more is nobody's. */
  add(growth: readonly Growth[], now: number): void {
    for (const part of growth) this.#entries.get(part.cdn)?.account.add(part, now)
    if (growth.length > 0) this.#version++
  }

  quote(cdn: string, now: number): Quote {
    return this.#entries.get(cdn)?.quotes.quote(now) ?? UNPRICED
  }

  /** How the months of these Cdns stand. */
  statements(cdns: readonly Cdn[], now: number): Statement[] {
    return cdns.flatMap(({ name }) => {
      const entry = this.#entries.get(name)
      return entry === undefined ? [] : [stateOf(entry, now)]
    })
  }

  export(): Kept[] {
    return [...this.#entries].map(([cdn, { account }]) => ({ cdn, books: account.books, before: account.before }))
  }

  /** Takes over what was kept of the Cdns that are known. */
  import(kept: readonly Kept[], now: number): void {
    for (const { cdn: name, books, before } of kept) {
      const entry = this.#entries.get(name)
      if (entry === undefined) continue
      const { cdn, account } = entry
      account.restore(books, before, now)
      this.#entries.set(name, { cdn, account, quotes: new Quotes(cdn, account) })
    }
  }
}

function stateOf({ cdn, account, quotes }: Entry, now: number): Statement {
  account.turn(now)
  const { books, timezone } = account
  const { commit } = cdn
  const { soFar, projected, p95 } = billOf(cdn, books, now)
  const percentile = commit?.kind === 'mbps'
  return {
    cdn: cdn.name,
    month: monthName(books.month, timezone),
    timezone,
    bytes: books.bytes,
    estimated_bytes: books.estimated,
    requests: books.requests,
    p95_mbps: p95,
    commit: commit === null ? null : percentile ? { mbps: commit.amount } : { gb: commit.amount },
    level_mbps: quotes.level(now),
    samples_over_commit: percentile ? countAbove(books.samples, commit.amount * SAMPLE_BYTES_PER_MBPS) : 0,
    cost: soFar,
    projected_cost: projected,
  }
}
