const SECOND = 1000
/** The longest interval that is asked for. Seconds. */
const SECONDS = 60

/** Requests and failures of the last minute, by the second. Times are milliseconds of one monotonic clock. */
export class FailureRate {
  readonly #requests = new Uint32Array(SECONDS)
  readonly #failures = new Uint32Array(SECONDS)
  /** The second that was counted last, since the clock began. */
  #second = Number.NEGATIVE_INFINITY

  add(now: number, requests: number, failures: number): void {
    const slot = this.#turnTo(now)
    this.#requests[slot]! += requests
    this.#failures[slot]! += failures
  }

  /** Counts of the last `interval` milliseconds, to the second. */
  recent(now: number, interval: number): { readonly requests: number; readonly failures: number } {
    const slot = this.#turnTo(now)
    const seconds = Math.min(SECONDS, Math.max(1, Math.ceil(interval / SECOND)))
    let requests = 0
    let failures = 0
    for (let back = 0; back < seconds; back++) {
      const at = (slot - back + SECONDS) % SECONDS
      requests += this.#requests[at]!
      failures += this.#failures[at]!
    }
    return { requests, failures }
  }

  clear(): void {
    this.#requests.fill(0)
    this.#failures.fill(0)
  }

  /** Empties the slots of the seconds that have passed since the last one; returns that of `now`. */
  #turnTo(now: number): number {
    const second = Math.floor(now / SECOND)
    if (second - this.#second >= SECONDS) this.clear()
    else for (let past = this.#second + 1; past <= second; past++) this.#empty(past)
    this.#second = Math.max(second, this.#second)
    return slotOf(this.#second)
  }

  #empty(second: number): void {
    this.#requests[slotOf(second)] = 0
    this.#failures[slotOf(second)] = 0
  }
}

function slotOf(second: number): number {
  return ((second % SECONDS) + SECONDS) % SECONDS
}
