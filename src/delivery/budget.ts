/** Seconds that requests are remembered for. */
const WINDOW = 10

export interface BudgetSettings {
  /** Extra attempts per hundred requests. */
  readonly percent: number
  /** Extra attempts a second that are there without any request. */
  readonly perSecond: number
}

/**
 * How many more attempts there may be than requests: a bucket that is refilled at `percent` of the rate of the last 10 s
 * plus `perSecond`, and holds what comes in a second. In an outage every request wants a second attempt, and a gateway
 * that grants it doubles the load on what is still alive.
 *
 * Pure: times are milliseconds of one monotonic clock.
 */
export class Budget {
  readonly #requests = new Array<number>(WINDOW).fill(0)
  #second = 0
  #tokens = Number.POSITIVE_INFINITY
  #refilledAt = 0

  /** A request has come. */
  deposit(now: number): void {
    this.#forget(now)
    this.#requests[this.#second % WINDOW]!++
  }

  /** Takes one extra attempt, if there is one. */
  withdraw(now: number, { percent, perSecond }: BudgetSettings): boolean {
    this.#forget(now)
    const rate = (this.#requests.reduce((sum, count) => sum + count, 0) / WINDOW) * (percent / 100) + perSecond
    const capacity = rate === 0 ? 0 : Math.max(rate, 1)
    const refilled = this.#tokens + (rate * (now - this.#refilledAt)) / 1000
    this.#tokens = Math.min(refilled, capacity)
    this.#refilledAt = now
    if (this.#tokens < 1) return false
    this.#tokens--
    return true
  }

  /** Empties the slots of the seconds that have passed. */
  #forget(now: number): void {
    const second = Math.floor(now / 1000)
    const passed = Math.min(second - this.#second, WINDOW)
    for (let back = 0; back < passed; back++) this.#requests[(second - back) % WINDOW] = 0
    if (passed > 0) this.#second = second
  }
}
