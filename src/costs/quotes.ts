import type { Cdn, Commit } from '../config/snapshot.ts'
import { type Account, REMEMBERED } from './account.ts'
import { SAMPLE_MS } from './month.ts'
import { freeAfter, isSpent, type Plan, planLevel } from './plan.ts'
import { perGb } from './price.ts'
import type { Quote } from './quote.ts'
import { GB, SAMPLE_BYTES_PER_MBPS } from './volume.ts'

/** A plan holds for so many samples: an hour. */
const PLAN_FOR = 12
/** How far ahead of its pace a sample may be: requests cannot be divided. Milliseconds. */
const LEAD = 5_000
/** From here on a sample shows by itself how full it will be, and from there on it is too late to burst. Milliseconds. */
const TELLING = 30_000
const TOO_LATE = 150_000
/** How far use of a volume may run ahead of the month until it costs as much as beyond the commit: parts of what is left. */
const BAND = 0.1

const PERISHABLE = -1
const STORABLE = 1

/** What the next GB of one Cdn costs. Keeps the plan of a 95th percentile, which is renewed every hour. */
export class Quotes {
  readonly #cdn: Cdn
  readonly #account: Account
  #plan: Plan | null = null
  /** Prices by continent, where requests cost nothing. */
  #fixed: Quote['prices'] | null = null
  #plannedAt = Number.NEGATIVE_INFINITY
  #free = { at: -1, level: 0, left: 0 }

  constructor(cdn: Cdn, account: Account) {
    this.#cdn = cdn
    this.#account = account
  }

  quote(now: number): Quote {
    const { commit } = this.#cdn
    this.#account.turn(now)
    const full = this.#account.isFull(now)
    if (commit === null) return { commit: 'none', full, prices: this.#listed(), order: 0 }
    return commit.kind === 'mbps' ? this.#percentile(commit, now, full) : this.#volume(commit, now, full)
  }

  /** The level that ordinary samples are filled to, Mbit/s; null: no percentile is billed. */
  level(now: number): number | null {
    const { commit } = this.#cdn
    return commit?.kind === 'mbps' ? this.#planned(commit, now).level / SAMPLE_BYTES_PER_MBPS : null
  }

  /** Above the level a GB raises the percentile of the whole month: by what it adds to this sample. */
  #percentile(commit: Commit, now: number, full: boolean): Quote {
    const open = this.#isOpen(this.#planned(commit, now), now)
    const price = open ? 0 : (GB / SAMPLE_BYTES_PER_MBPS) * commit.overage
    // Where several commits are open, what is cheap to exceed is kept for last.
    const order = PERISHABLE - commit.overage
    return { commit: open ? 'open' : 'reached', full, prices: { default: price + this.#requests() }, order }
  }

  #isOpen({ level, burstAbove }: Plan, now: number): boolean {
    const { books } = this.#account
    const at = this.#account.indexAt(now)
    const into = Math.min(SAMPLE_MS, Math.max(0, now - books.month.start - at * SAMPLE_MS))
    const delivered = books.samples[at]!
    // This sample is one of the free ones already.
    if (isSpent(delivered, level)) return true
    const pace = level * Math.min(1, (into + LEAD) / SAMPLE_MS)
    if (delivered === 0 || delivered + this.#account.lumpAt(at) <= pace) return true
    if (into > TOO_LATE || this.#freeAt(at, level) === 0) return false
    const offered = into < TELLING ? (books.offered![at - 1] ?? 0) : (books.offered![at]! / into) * SAMPLE_MS
    return offered > burstAbove
  }

  #freeAt(at: number, level: number): number {
    const { samples } = this.#account.books
    if (this.#free.at !== at || this.#free.level !== level)
      this.#free = { at, level, left: freeAfter(samples.subarray(0, at), level, samples.length) }
    return this.#free.left
  }

  /**
   * What is left of a volume is worth more the further its use runs ahead of the month: so it goes to those who would
   * pay most elsewhere, and is used up at the end.
   */
  #volume(commit: Commit, now: number, full: boolean): Quote {
    const { books } = this.#account
    const { start, end } = books.month
    const used = books.bytes / GB
    if (used >= commit.amount) {
      return { commit: 'reached', full, prices: { default: commit.overage + this.#requests() }, order: 0 }
    }
    const pace = commit.amount * Math.min(1, Math.max(0, (now - start) / (end - start)))
    const ahead = (used - pace) / (BAND * Math.max(commit.amount - pace, commit.amount / 1000))
    const worth = commit.overage * Math.min(1, Math.max(0, (1 + ahead) / 2))
    return { commit: 'open', full, prices: { default: worth + this.#requests() }, order: STORABLE }
  }

  #planned({ amount, overage }: Commit, now: number): Plan {
    const { books, before } = this.#account
    const at = this.#account.indexAt(now)
    const period = books.month.start + Math.floor(at / PLAN_FOR) * PLAN_FOR * SAMPLE_MS
    if (this.#plan !== null && this.#plannedAt === period) return this.#plan
    const offered = recent(before, books.offered!.subarray(0, at))
    this.#plannedAt = period
    this.#plan = planLevel({
      total: books.samples.length,
      delivered: books.samples.slice(0, at),
      offered,
      committed: amount * SAMPLE_BYTES_PER_MBPS,
      overagePerMbps: overage,
      elsewherePerGb: books.overflow > 0 ? books.overflowCost / (books.overflow / GB) : 0,
      capacity: (this.#cdn.maxMbps ?? Number.POSITIVE_INFINITY) * SAMPLE_BYTES_PER_MBPS,
    })
    return this.#plan
  }

  #listed(): Quote['prices'] {
    const { pricing } = this.#cdn
    const requests = this.#requests()
    if (pricing.byContinent === null) {
      return { default: perGb(pricing, null, this.#account.books.bytes) + requests }
    }
    if (requests === 0 && this.#fixed !== null) return this.#fixed
    const prices = [...pricing.byContinent].map(([continent, price]) => [continent, price + requests] as const)
    const listed = Object.fromEntries(prices) as Quote['prices']
    if (requests === 0) this.#fixed = listed
    return listed
  }

  /** What the requests for a GB cost, of the size that they had this month. */
  #requests(): number {
    const { per10kRequests } = this.#cdn.pricing
    const { bytes, requests } = this.#account.books
    if (per10kRequests === 0 || bytes === 0) return 0
    return (requests / (bytes / GB) / 10_000) * per10kRequests
  }
}

/** The last week. Before the first byte there was nothing to learn from. */
function recent(before: Float64Array, now: Float64Array): Float64Array {
  const first = before.length > 0 ? 0 : now.findIndex((bytes) => bytes > 0)
  if (first === -1) return new Float64Array(0)
  const all = Float64Array.from([...before.slice(-Math.max(1, REMEMBERED - now.length)), ...now.subarray(first)])
  return all.slice(-REMEMBERED)
}
