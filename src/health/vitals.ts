import type { Measured } from '../steering/world.ts'
import { PeakEwma } from './ewma.ts'
import { Latency } from './latency.ts'

/** What one process sees of an endpoint by itself. Times are milliseconds of its monotonic clock. */
export class Vitals {
  /** Requests that wait for its headers. */
  pending = 0
  /** −Infinity: never. */
  lastSuccess = Number.NEGATIVE_INFINITY
  #latency: Latency | null = null
  #average: PeakEwma | null = null

  /** A request begins to wait; the function says that it no longer does. Calls beyond the first do nothing. */
  begin(): () => void {
    this.pending++
    let waiting = true
    return () => {
      if (!waiting) return
      waiting = false
      this.pending--
    }
  }

  succeeded(now: number): void {
    this.lastSuccess = Math.max(this.lastSuccess, now)
  }

  timed(ms: number, now: number): void {
    this.#latency ??= new Latency()
    this.#latency.add(ms, now)
  }

  p95(now: number): number | null {
    return this.#latency?.p95(now) ?? null
  }

  answered(ms: number, now: number): void {
    this.#average ??= new PeakEwma()
    this.#average.add(ms, now)
  }

  measured(now: number): Measured | null {
    return this.#average?.read(now) ?? null
  }
}
