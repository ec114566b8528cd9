import type { Quote } from '../costs/quote.ts'

/** Counts what CDNs would bill. */
export interface Meter {
  /**
   * @param cdn who sent it
   * @param continent whose price it has: AF AN AS EU NA OC SA, or null where nobody knows
   * @param at milliseconds since 1970; not in order
   */
  add(cdn: string, bytes: number, continent: string | null, at: number): void
  /** Bytes that went elsewhere at that price a GB, because this CDN's commit is reached. */
  overflow(cdn: string, bytes: number, price: number, at: number): void
  /** What the CDN's next GB costs. */
  quote(cdn: string, at: number): Quote
  /** By the name of the CDN: of all that were used, and of all that cost something. */
  summary(): ReadonlyMap<string, Bill>
}

export interface Bill {
  /** The 95th percentile of 5-minute samples over the whole log. */
  readonly mbps95: number
  /** null: no price is known. */
  readonly cost: number | null
}
