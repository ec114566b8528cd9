import type { Cdn } from '../config/snapshot.ts'
import type { Growth } from './growth.ts'
import { type Month, monthOf, SAMPLE_MS, samplesOf } from './month.ts'

/** What a month knows of a Cdn. */
export interface Books {
  readonly month: Month
  bytes: number
  /** The part of `bytes` that is an estimate. */
  estimated: number
  requests: number
  /** Bytes by the continent whose price they had. */
  readonly byContinent: Record<string, number>
  /** Bytes that went elsewhere because the commit was reached, and what they cost there. */
  overflow: number
  overflowCost: number
  /** Bytes of each 5 minutes. */
  readonly samples: Float64Array
  /** What was delivered and what overflowed, together; only where the 95th percentile is billed. */
  readonly offered: Float64Array | null
}

/** A clock that is set back by less changes no month. Milliseconds. */
const SMALL_STEP = 86_400_000
/** Between the first and the last place on Earth where a month begins. Milliseconds. */
const FURTHEST_ZONE = 26 * 3_600_000
/** How many samples of before are remembered: a week, so that every weekday has its part. */
export const REMEMBERED = 7 * 288
/** At the limit of its rate a Cdn may be ahead by so much, and is told off for no longer than that. Milliseconds. */
const BURST = 5_000
const LONGEST_DEBT = 30_000

/** One Cdn's books: the month that runs, and what is remembered of the one before. Not more than 9,000 samples each. */
export class Account {
  readonly cdn: string
  books: Books
  /** What was offered in the last samples of earlier months, oldest first. */
  before: Float64Array
  #timezone: string
  #percentile: boolean
  /** Bytes a millisecond. */
  #limit: number
  /** When all that came would have come at the limit. */
  #busyUntil = Number.NEGATIVE_INFINITY
  #lump = { at: -1, bytes: 0, before: 0 }

  constructor(cdn: Cdn, now: number) {
    this.cdn = cdn.name
    this.#timezone = timezoneOf(cdn)
    this.#percentile = cdn.commit?.kind === 'mbps'
    this.#limit = limitOf(cdn)
    this.books = openBooks(monthOf(now, this.#timezone), this.#percentile)
    this.before = new Float64Array(0)
  }

  /** Takes over books that were kept, under these terms or others. */
  restore(books: Books, before: Float64Array, now: number): void {
    const { month } = this.books
    this.before = before
    this.books = books.month.end <= now ? books : rebook(books, month, this.#percentile)
    this.turn(now)
  }

  /** New terms of the same Cdn. Another time zone counts from the month that runs there; samples move along. */
  adopt(cdn: Cdn, now: number): void {
    this.#limit = limitOf(cdn)
    const percentile = cdn.commit?.kind === 'mbps'
    const timezone = timezoneOf(cdn)
    if (timezone === this.#timezone && percentile === this.#percentile) return
    this.turn(now)
    const month = timezone === this.#timezone ? this.books.month : monthOf(now, timezone)
    this.#timezone = timezone
    this.#percentile = percentile
    this.books = rebook(this.books, month, percentile)
  }

  get timezone(): string {
    return this.#timezone
  }

  /** Opens the month of `now`. A clock that is set back a little stays in the month that it was in. */
  turn(now: number): void {
    const { start, end } = this.books.month
    if (now >= start - SMALL_STEP && now < end) return
    this.before = now >= end ? remember(this.before, this.books, now) : new Float64Array(0)
    this.books = openBooks(monthOf(now, this.#timezone), this.#percentile)
  }

  add(growth: Growth, now: number): void {
    this.turn(now)
    const { books } = this
    const at = this.indexAt(now)
    const { bytes, continent, overflow } = growth
    books.bytes += bytes
    books.estimated += growth.estimated
    books.requests += growth.requests
    books.overflow += overflow
    books.overflowCost += growth.overflowCost
    books.samples[at]! += bytes
    if (books.offered !== null) books.offered[at]! += bytes + overflow
    if (bytes > 0) books.byContinent[continent] = (books.byContinent[continent] ?? 0) + bytes
    if (this.#lump.at !== at) this.#lump = { at, bytes, before: this.#lump.bytes }
    if (this.#lump.bytes < bytes) this.#lump.bytes = bytes
    const since = Math.min(Math.max(this.#busyUntil, now - BURST), now + LONGEST_DEBT)
    this.#busyUntil = since + bytes / this.#limit
  }

  /** Whether it delivers as much as `max_mbps` already: a token bucket with debts, so that it is the average too. */
  isFull(now: number): boolean {
    return this.#busyUntil > now && this.#busyUntil <= now + 2 * LONGEST_DEBT
  }

  /** The most that came at once in the sample of now and the one before: how exactly one can be filled. Bytes. */
  lumpAt(index: number): number {
    const { at, bytes, before } = this.#lump
    return at === index ? Math.max(bytes, before) : bytes
  }

  /** The sample that a moment of this month is in. */
  indexAt(now: number): number {
    const { month, samples } = this.books
    return Math.min(samples.length - 1, Math.max(0, Math.floor((now - month.start) / SAMPLE_MS)))
  }
}

function limitOf({ maxMbps }: Cdn): number {
  return maxMbps === null ? Number.POSITIVE_INFINITY : (maxMbps * 1e6) / 8 / 1000
}

function timezoneOf({ commit }: Cdn): string {
  return commit?.timezone ?? 'UTC'
}

export function openBooks(month: Month, percentile: boolean): Books {
  const length = samplesOf(month)
  const counts = { bytes: 0, estimated: 0, requests: 0, byContinent: {}, overflow: 0, overflowCost: 0 }
  const offered = percentile ? new Float64Array(length) : null
  return { month, ...counts, samples: new Float64Array(length), offered }
}

/** The same books by another calendar: samples keep their time. What was counted in another month stays there. */
function rebook({ samples, offered, month: was, ...counts }: Books, month: Month, percentile: boolean): Books {
  const fresh = openBooks(month, percentile)
  const shift = Math.round((was.start - month.start) / SAMPLE_MS)
  copyShifted(samples, fresh.samples, shift)
  if (fresh.offered !== null) copyShifted(offered ?? samples, fresh.offered, shift)
  return Math.abs(was.start - month.start) > FURTHEST_ZONE ? fresh : { ...fresh, ...counts }
}

/** The last week before `now`. After a pause that is longer nothing is remembered. */
function remember(before: Float64Array, { month, offered }: Books, now: number): Float64Array {
  if (offered === null || now - month.end > SAMPLE_MS * REMEMBERED) return new Float64Array(0)
  // Nothing before the first byte was ever metered is a quiet night.
  const first =
    before.length > 0
      ? 0
      : Math.max(
          0,
          offered.findIndex((bytes) => bytes > 0),
        )
  const all = Float64Array.from([...before, ...offered.subarray(first)])
  return all.slice(-REMEMBERED)
}

function copyShifted(from: Float64Array, to: Float64Array, shift: number): void {
  for (let at = 0; at < from.length; at++) {
    const target = at + shift
    if (target >= 0 && target < to.length) to[target] = from[at]!
  }
}
