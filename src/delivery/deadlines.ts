/** A deadline that was set; `cancel` may be called at any time and more than once. */
export interface Deadline {
  cancel(): void
}

class Entry implements Deadline {
  at: number
  readonly #expire: () => void
  #slot: Set<Entry> | null = null

  constructor(at: number, expire: () => void) {
    this.at = at
    this.#expire = expire
  }

  moveTo(slot: Set<Entry>): void {
    this.#slot = slot
    slot.add(this)
  }

  cancel(): void {
    this.#slot?.delete(this)
    this.#slot = null
  }

  expire(): void {
    this.cancel()
    this.#expire()
  }
}

const SLOTS = 512

/**
 * A timer wheel: setting and cancelling cost a set operation each, and one tick serves every request, so thousands of
 * requests with three timeouts each need one timer of the runtime. A deadline fires at the second tick after its time
 * at the latest, never before it.
 *
 * Pure: the owner calls `tick(now)` about every `resolution` milliseconds while it is not idle. Times are
 * milliseconds of one monotonic clock.
 */
export class Deadlines {
  readonly resolution: number
  readonly #slots: readonly Set<Entry>[]
  #lastTick: number
  #size = 0

  constructor(resolution: number, now: number) {
    this.resolution = resolution
    this.#slots = Array.from({ length: SLOTS }, () => new Set<Entry>())
    this.#lastTick = Math.floor(now / resolution)
  }

  /** Whether any slot may hold a deadline. Cancelled ones count until their tick. */
  get idle(): boolean {
    return this.#size === 0
  }

  /** Deadlines that are set and neither cancelled nor over. */
  get pending(): number {
    return this.#slots.reduce((sum, slot) => sum + slot.size, 0)
  }

  /** Calls `expire` once, at one of the first two ticks at or after `at`, unless cancelled. */
  set(at: number, expire: () => void): Deadline {
    const entry = new Entry(at, expire)
    entry.moveTo(this.#slotOf(at))
    this.#size++
    return entry
  }

  /** Fires what is due. A callback that throws does not stop the others: its error is handed to `onError`. */
  tick(now: number, onError: (error: unknown) => void): void {
    const current = Math.floor(now / this.resolution)
    const steps = Math.min(current - this.#lastTick, SLOTS)
    if (steps <= 0) return
    // First of all: a deadline that a callback sets must not land in a slot that this tick has passed already.
    this.#lastTick = current
    for (let step = steps - 1; step >= 0; step--) this.#fire(this.#slots[(current - step) % SLOTS]!, now, onError)
    this.#size = this.#slots.reduce((sum, slot) => sum + slot.size, 0)
  }

  #fire(slot: Set<Entry>, now: number, onError: (error: unknown) => void): void {
    // The slot itself and no copy of it: what an earlier callback cancels leaves it.
    for (const entry of slot) {
      if (entry.at > now) continue
      try {
        entry.expire()
      } catch (error) {
        onError(error)
      }
    }
  }

  #slotOf(at: number): Set<Entry> {
    const tick = Math.max(Math.ceil(at / this.resolution), this.#lastTick + 1)
    return this.#slots[tick % SLOTS]!
  }
}
