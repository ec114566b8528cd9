import type { Bill, Meter } from './meter.ts'

/** What became of the requests of a log. */
export interface Summary {
  readonly requests: number
  /** Requests that no site or route takes. */
  readonly unmatched: number
  /** Kilometres, of the requests for which a distance is known; null for none. */
  readonly meanKm: number | null
  /** Why whoever was first was it: counts by reason. */
  readonly reasons: Readonly<Record<string, number>>
  /** Most requests first. */
  readonly cdns: readonly CdnSummary[]
}

export interface CdnSummary extends Bill {
  readonly cdn: string
  readonly requests: number
  /** Of all requests, 0…1. */
  readonly share: number
  readonly bytes: number
  readonly meanKm: number | null
  /** Requests that failed here and went on. */
  readonly failovers: number
}

interface Counts {
  requests: number
  bytes: number
  km: number
  measured: number
  failovers: number
}

export interface Serving {
  readonly cdn: string
  readonly km: number | null
  readonly bytes: number
  readonly continent: string | null
  readonly time: number
}

/** Adds up who served how much. */
export class Tally {
  readonly #meter: Meter
  readonly #byCdn = new Map<string, Counts>()
  readonly #reasons = new Map<string, number>()
  #unmatched = 0

  constructor(meter: Meter) {
    this.#meter = meter
  }

  served({ cdn, km, bytes, continent, time }: Serving): void {
    const counts = this.#of(cdn)
    counts.requests++
    counts.bytes += bytes
    if (km !== null) {
      counts.km += km
      counts.measured++
    }
    this.#meter.add(cdn, bytes, continent, time)
  }

  reason(reason: string): void {
    this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + 1)
  }

  failedAt(cdn: string): void {
    this.#of(cdn).failovers++
  }

  unmatched(): void {
    this.#unmatched++
  }

  summary(): Summary {
    const bills = this.#meter.summary()
    // A commit costs also where nobody was sent.
    for (const cdn of bills.keys()) this.#of(cdn)
    const all = [...this.#byCdn]
    const sum = (key: keyof Counts) => all.reduce((total, [, counts]) => total + counts[key], 0)
    const requests = sum('requests')
    const cdns = all.map(([cdn, counts]) => ({
      cdn,
      requests: counts.requests,
      share: requests === 0 ? 0 : counts.requests / requests,
      bytes: counts.bytes,
      meanKm: counts.measured === 0 ? null : counts.km / counts.measured,
      failovers: counts.failovers,
      ...(bills.get(cdn) ?? { mbps95: 0, cost: null }),
    }))
    return {
      requests,
      unmatched: this.#unmatched,
      meanKm: sum('measured') === 0 ? null : sum('km') / sum('measured'),
      reasons: Object.fromEntries([...this.#reasons].sort(([, a], [, b]) => b - a)),
      cdns: cdns.sort((a, b) => b.requests - a.requests || (a.cdn < b.cdn ? -1 : 1)),
    }
  }

  #of(cdn: string): Counts {
    let counts = this.#byCdn.get(cdn)
    if (counts === undefined) {
      counts = { requests: 0, bytes: 0, km: 0, measured: 0, failovers: 0 }
      this.#byCdn.set(cdn, counts)
    }
    return counts
  }
}
