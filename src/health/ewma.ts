import type { Measured } from '../steering/world.ts'

/** After this time what is left of a peak above the mean is 37 %. Milliseconds. */
const PEAK_DECAY = 10_000
/** The same for the weight of a sample in the mean, where few come after it. */
const MEAN_DECAY = 30_000
/** Where many come, the mean is that of about as many. */
const MOST_SAMPLES = 50
/** What one sample may count as in the mean, in means: one cache miss says little about the next answer. */
const CLIP = 2

/**
 * How long an endpoint takes to begin its answers, of late: a mean, and above it a peak that rises at once and fades
 * (peak EWMA). A peak is what three answers in a row have in common: a CDN is slow once whenever its cache misses, and
 * whoever answers most would look slowest. Where nothing is added the mean stays. Times are milliseconds of one monotonic
 * clock.
 */
export class PeakEwma {
  #mean = 0
  /** How far the peak stood above the mean when the last sample came. */
  #excess = 0
  /** Samples in the mean, each by what is left of it. */
  #count = 0
  #last = Number.POSITIVE_INFINITY
  #lastButOne = Number.POSITIVE_INFINITY
  #at = Number.NEGATIVE_INFINITY

  /** @param ms 0 or more; anything else does not count */
  add(ms: number, now: number): void {
    if (!(ms >= 0 && ms < Number.POSITIVE_INFINITY)) return
    const excess = this.#excess * left(now - this.#at, PEAK_DECAY)
    // The first samples count alike, and an old mean gives way to what is new.
    const before = Math.min(MOST_SAMPLES, this.#count * left(now - this.#at, MEAN_DECAY))
    const counted = before < 1 ? ms : Math.min(ms, this.#mean * CLIP)
    this.#count = before + 1
    this.#mean += (counted - this.#mean) / this.#count
    this.#excess = Math.max(Math.min(ms, this.#last, this.#lastButOne) - this.#mean, excess)
    this.#lastButOne = this.#last
    this.#last = ms
    this.#at = now
  }

  /** null before the first sample. */
  read(now: number): Measured | null {
    if (this.#count === 0) return null
    const age = now - this.#at
    return { now: this.#mean + this.#excess * left(age, PEAK_DECAY), usual: this.#mean, age }
  }
}

function left(age: number, decay: number): number {
  return Math.exp(-Math.max(0, age) / decay)
}
