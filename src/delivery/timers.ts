import { type Deadline, Deadlines } from './deadlines.ts'

const RESOLUTION = 20

/** The process's monotonic clock and its timer wheel. The interval runs only while a deadline is set. */
export class Timers {
  readonly #deadlines = new Deadlines(RESOLUTION, performance.now())
  readonly #onError: (error: unknown) => void
  #interval: NodeJS.Timeout | null = null

  /** @param onError receives what a deadline's callback threw */
  constructor(onError: (error: unknown) => void) {
    this.#onError = onError
  }

  /** Milliseconds, monotonic. */
  now(): number {
    return performance.now()
  }

  /** Deadlines that are set: of an idle process, none but those of its own housekeeping. */
  get pending(): number {
    return this.#deadlines.pending
  }

  /** Calls `expire` once, `ms` milliseconds from now or up to two ticks of 20 ms later. */
  after(ms: number, expire: () => void): Deadline {
    this.#interval ??= setInterval(() => this.#tick(), RESOLUTION).unref()
    return this.#deadlines.set(this.now() + ms, expire)
  }

  close(): void {
    if (this.#interval !== null) clearInterval(this.#interval)
    this.#interval = null
  }

  #tick(): void {
    this.#deadlines.tick(this.now(), this.#onError)
    if (this.#deadlines.idle) this.close()
  }
}
