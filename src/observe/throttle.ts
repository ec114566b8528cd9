const MAX_KEYS = 100
const REST = '_other'

/** At most one of a kind and interval; counts the rest. Pure: the time is an argument. */
export class Throttle {
  readonly #kinds = new Map<string, { next: number; suppressed: number }>()

  /**
   * null: not now. Otherwise how many were refused since the last admitted one. `interval` and `now` are milliseconds.
   * More than 100 keys share one interval.
   */
  admit(key: string, interval: number, now: number): number | null {
    const name = this.#kinds.has(key) || this.#kinds.size < MAX_KEYS ? key : REST
    const kind = this.#kinds.get(name)
    if (kind === undefined) {
      this.#kinds.set(name, { next: now + interval, suppressed: 0 })
      return 0
    }
    // A clock that was set back must not silence a kind for longer than its interval.
    if (now < kind.next && kind.next - now <= interval) {
      kind.suppressed++
      return null
    }
    const { suppressed } = kind
    kind.next = now + interval
    kind.suppressed = 0
    return suppressed
  }
}
