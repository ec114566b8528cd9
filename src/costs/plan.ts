import { countAbove, freeSamples, nthLargest } from './percentile.ts'
import { GB, SAMPLE_BYTES_PER_MBPS } from './volume.ts'

/** What is known of a Cdn that bills its 95th percentile, some way into a month. Rates are bytes a sample. */
export interface Course {
  /** Samples of the whole month. */
  readonly total: number
  /** What was delivered in each sample that is over. */
  readonly delivered: Float64Array
  /** What could have been delivered, had there been no level: in the samples of the last week. */
  readonly offered: Float64Array
  /** What is paid for in any case. */
  readonly committed: number
  /** The price of 1 Mbit/s more for the month. */
  readonly overagePerMbps: number
  /** What a GB costs that is delivered by others because the level is reached. */
  readonly elsewherePerGb: number
  /** The most that it can deliver. */
  readonly capacity: number
}

/** How a Cdn is used that bills its 95th percentile. Rates are bytes a sample. */
export interface Plan {
  /** An ordinary sample is filled up to here. */
  readonly level: number
  /** A sample that could be filled beyond this becomes one of the free 5 %, and is not limited. */
  readonly burstAbove: number
}

/** What is under way when a level is reached comes on top of it: from here on it is a burst, and the sample is used. */
const SLACK = 1.05
/** What is billed as above the level, but for rounding. */
const ABOVE = 1.005

/** Whether a sample is one of the free ones. */
export function isSpent(delivered: number, level: number): boolean {
  return delivered > level * SLACK
}

/** What is spent early is spent; what is left at the end is lost. So a little more is spent than its time would allow. */
const HASTE = 1.1
/** One sample too many, and the lowest of the free ones is billed: some are kept for accidents. */
const RESERVE = 3

/** Free samples that may still be spent, in a month of `total` samples. */
export function freeAfter(delivered: Float64Array, level: number, total: number): number {
  return Math.max(0, freeSamples(total) - RESERVE - countAbove(delivered, level * ABOVE))
}

/** Less than a day tells nothing of the tides: the commit itself is the prior. Samples. */
const ENOUGH = 288

/**
 * The level up to which every Mbit/s more costs less than what it saves, and the peaks that the free samples are spent
 * on. The rest of the month is expected to look like the last week. What was billed already is never given back:
 * the level does not fall below it.
 */
export function planLevel(course: Course): Plan {
  const { total, delivered, offered, committed } = course
  const free = freeSamples(total)
  const floor = Math.max(committed, nthLargest(delivered, free))
  if (offered.length < ENOUGH) return { level: floor, burstAbove: Number.POSITIVE_INFINITY }
  const expected = offered.toSorted()
  const level = Math.min(course.capacity, raise(course, expected, floor))
  const freeLeft = freeAfter(delivered, level, total)
  if (freeLeft <= 0) return { level, burstAbove: Number.POSITIVE_INFINITY }
  // All are to be spent before the last evening: what is left after it is lost.
  const evenings = Math.max(ENOUGH / 4, total - delivered.length - ENOUGH)
  const rank = Math.floor(((HASTE * freeLeft) / evenings) * expected.length)
  return { level, burstAbove: Math.max(level * SLACK, expected[expected.length - 1 - rank] ?? 0) }
}

/** The lowest level from `floor` on that is not worth raising, by bisection: the worth falls as the level rises. */
function raise(course: Course, expected: Float64Array, floor: number): number {
  if (!isWorthMore(course, expected, floor)) return floor
  let low = firstAbove(expected, floor)
  let high = expected.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (isWorthMore(course, expected, expected[middle]!)) low = middle + 1
    else high = middle
  }
  return Math.max(floor, expected[low] ?? floor)
}

/** Whether 1 Mbit/s above `level` saves more in the rest of the month than it costs. */
function isWorthMore({ total, delivered, ...prices }: Course, expected: Float64Array, level: number): boolean {
  const above = (expected.length - firstAbove(expected, level)) / expected.length
  const freeLeft = freeAfter(delivered, level, total)
  const samples = (total - delivered.length) * above - freeLeft
  return samples * (SAMPLE_BYTES_PER_MBPS / GB) * prices.elsewherePerGb > prices.overagePerMbps
}

/** Where the first value above `level` stands in a sorted list. */
function firstAbove(sorted: Float64Array, level: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle]! > level) high = middle
    else low = middle + 1
  }
  return low
}
