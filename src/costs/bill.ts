import type { Cdn } from '../config/snapshot.ts'
import type { Books } from './account.ts'
import { SAMPLE_MS } from './month.ts'
import { billedPercentile, freeSamples, nthLargest } from './percentile.ts'
import { costOfBytes } from './price.ts'
import { GB, toMbps } from './volume.ts'

/** What a month costs, in the currency of the prices. */
export interface Bill {
  /** As if the month ended now. */
  readonly soFar: number
  /** If the rest of the month is like its beginning. */
  readonly projected: number
  /** The 95th percentile of the samples that are over, Mbit/s. */
  readonly p95: number
}

/** The bill of a Cdn. What a commit covers and its overage replace the price of a GB; requests come on top. */
export function billOf(cdn: Cdn, books: Books, now: number): Bill {
  const { month, samples } = books
  const elapsed = Math.min(samples.length, Math.max(0, Math.floor((now - month.start) / SAMPLE_MS)))
  const part = Math.min(1, Math.max(now - month.start, SAMPLE_MS) / (month.end - month.start))
  const over = samples.subarray(0, elapsed)
  const soFar = billedPercentile(over, elapsed)
  // Nothing that comes lowers what the samples of the whole month have passed already.
  const projected = Math.max(soFar, nthLargest(over, freeSamples(samples.length)))
  return {
    soFar: price(cdn, books, { growth: 1, percentile: soFar }),
    projected: price(cdn, books, { growth: 1 / part, percentile: projected }),
    p95: toMbps(soFar),
  }
}

/** @param at how many times the bytes so far there are, and the billed bytes a sample */
function price({ pricing, commit }: Cdn, books: Books, at: { growth: number; percentile: number }): number {
  const requests = ((books.requests * at.growth) / 10_000) * pricing.per10kRequests
  if (commit === null) {
    const bytes = Object.entries(books.byContinent).map(([key, some]) => [key, some * at.growth] as const)
    return requests + costOfBytes(pricing, Object.fromEntries(bytes))
  }
  const used = commit.kind === 'mbps' ? toMbps(at.percentile) : (books.bytes * at.growth) / GB
  return requests + commit.pricePerMonth + Math.max(0, used - commit.amount) * commit.overage
}
