/** Each bucket ends this much above the one before: a percentile is at most as much too high. */
const GROWTH = 1.15
/** The last one ends at 1.15^80 ms: more than a minute. */
const BUCKETS = 80
const LOG_GROWTH = Math.log(GROWTH)
/** After this time a sample counts half. Milliseconds. */
const HALF_LIFE = 10_000
/** Fewer samples say nothing about the slowest of them. */
const MIN_SAMPLES = 20
/** Halvings after which nothing is left of any count. */
const FORGOTTEN = 40

/** How long an endpoint takes to begin its answers, of late: a histogram of fixed size that forgets. */
export class Latency {
  readonly #counts = new Float64Array(BUCKETS)
  #total = 0
  #decayedAt = Number.NEGATIVE_INFINITY

  /** @param ms from the request to the head of the answer */
  add(ms: number, now: number): void {
    if (!(ms >= 0)) return
    this.#decay(now)
    const bucket = ms <= 1 ? 0 : Math.min(BUCKETS - 1, Math.ceil(Math.log(ms) / LOG_GROWTH))
    this.#counts[bucket]! += 1
    this.#total += 1
  }

  /** The time within which 95 of 100 answers began; null while too few were seen. Milliseconds. */
  p95(now: number): number | null {
    this.#decay(now)
    if (this.#total < MIN_SAMPLES) return null
    let left = 0.05 * this.#total
    let bucket = BUCKETS - 1
    while (bucket > 0 && this.#counts[bucket]! <= left) left -= this.#counts[bucket--]!
    return GROWTH ** bucket
  }

  #decay(now: number): void {
    if (this.#decayedAt === Number.NEGATIVE_INFINITY) this.#decayedAt = now
    const halvings = Math.floor((now - this.#decayedAt) / HALF_LIFE)
    if (halvings < 1) return
    const share = halvings > FORGOTTEN ? 0 : 0.5 ** halvings
    for (let bucket = 0; bucket < BUCKETS; bucket++) this.#counts[bucket]! *= share
    this.#total *= share
    this.#decayedAt += halvings * HALF_LIFE
  }
}
