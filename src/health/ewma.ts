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
 * (peak EWMA). Where nothing is added the mean stays. Times are milliseconds of one monotonic clock.
 */
export class PeakEwma {
  #mean = 0
  #peak = 0
  /** Samples in the mean, each by what is left of it. */
  #count = 0
  #at = Number.NEGATIVE_INFINITY

  /** @param ms 0 or more; anything else does not count */
  add(ms: number, now: number): void {
    if (!(ms >= 0 && ms < Number.POSITIVE_INFINITY)) return
    const peak = Math.max(ms, this.#valueAt(now))
    // The first samples count alike, and an old mean gives way to what is new.
    const before = Math.min(MOST_SAMPLES, this.#count * left(now - this.#at, MEAN_DECAY))
    const counted = before < 1 ? ms : Math.min(ms, this.#mean * CLIP)
    this.#count = before + 1
    this.#mean += (counted - this.#mean) / this.#count
    this.#peak = Math.max(peak, this.#mean)
    this.#at = now
  }

  /** What to expect now; null before the first sample. */
  value(now: number): number | null {
    return this.#count === 0 ? null : this.#valueAt(now)
  }

  /** What to expect as a rule; null before the first sample. */
  get mean(): number | null {
    return this.#count === 0 ? null : this.#mean
  }

  /** When the last sample came, −Infinity before the first. */
  get at(): number {
    return this.#at
  }

  #valueAt(now: number): number {
    return this.#mean + (this.#peak - this.#mean) * left(now - this.#at, PEAK_DECAY)
  }
}

function left(age: number, decay: number): number {
  return Math.exp(-Math.max(0, age) / decay)
}
