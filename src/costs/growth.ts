/** What was metered for a Cdn since the last time, in one continent's prices. Plain data: it crosses processes. */
export interface Growth {
  readonly cdn: string
  /** AF AN AS EU NA OC SA, or `default` where nobody knows. */
  readonly continent: string
  /** Heads and bodies as received from the Cdn, and what redirected clients are estimated to have fetched. */
  readonly bytes: number
  /** The part of `bytes` that is an estimate. */
  readonly estimated: number
  readonly requests: number
  /** Bytes that it would have delivered, had its commit not been reached; and what they cost where they were. */
  readonly overflow: number
  readonly overflowCost: number
}

/** What counts what is received. */
export interface Meter {
  /** A request went to this Cdn. */
  sent(cdn: string, continent: string | null): void
  /** Bytes came from it. */
  received(cdn: string, continent: string | null, bytes: number): void
  /** A client was sent there and fetches about so many bytes. */
  estimated(cdn: string, continent: string | null, bytes: number): void
  /** Bytes that went elsewhere, at a price a GB, because its commit is reached. */
  overflowed(cdn: string, bytes: number, price: number): void
}

type Counts = { -readonly [Key in Exclude<keyof Growth, 'cdn' | 'continent'>]: number }

const GB = 1e9

/** Counts until somebody takes what was counted: at most one entry a Cdn and continent. */
export class Tally implements Meter {
  readonly #counts = new Map<string, Map<string, Counts>>()

  sent(cdn: string, continent: string | null): void {
    this.#of(cdn, continent).requests++
  }

  received(cdn: string, continent: string | null, bytes: number): void {
    this.#of(cdn, continent).bytes += bytes
  }

  estimated(cdn: string, continent: string | null, bytes: number): void {
    const counts = this.#of(cdn, continent)
    counts.requests++
    counts.bytes += bytes
    counts.estimated += bytes
  }

  overflowed(cdn: string, bytes: number, price: number): void {
    const counts = this.#of(cdn, null)
    counts.overflow += bytes
    counts.overflowCost += (bytes / GB) * price
  }

  /** What was counted since the last time. */
  take(): Growth[] {
    const growth: Growth[] = []
    for (const [cdn, continents] of this.#counts) {
      for (const [continent, counts] of continents) growth.push({ cdn, continent, ...counts })
    }
    this.#counts.clear()
    return growth
  }

  #of(cdn: string, continent: string | null): Counts {
    const continents = this.#counts.get(cdn) ?? new Map<string, Counts>()
    const key = continent ?? 'default'
    const known = continents.get(key)
    if (known !== undefined) return known
    const counts = { bytes: 0, estimated: 0, requests: 0, overflow: 0, overflowCost: 0 }
    this.#counts.set(cdn, continents.set(key, counts))
    return counts
  }
}
