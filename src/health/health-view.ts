import type { Endpoint, OutlierSettings, Policy } from '../config/snapshot.ts'
import type { Measured, Standing } from '../steering/world.ts'

/**
 * Health as the processes that serve see it: what decisions ask, and what attempts report. In one process the Board
 * itself answers; in several, each worker has a mirror that passes its reports on and is told what became of them.
 * Reports of endpoints that a reload took away are dropped; endpoints that nobody knows are healthy.
 */
export interface HealthView {
  standing(endpoint: Endpoint, policy: Policy): Standing
  /** 0…1: the share of its traffic that an endpoint may have after it came back. */
  ramp(endpoint: Endpoint, policy: Policy): number
  /** When it last answered well: milliseconds of this process's monotonic clock, −Infinity for never. */
  lastSuccess(endpoint: Endpoint): number
  /** A request begins to wait for an endpoint's headers; the function says, once, that it no longer does. */
  begin(endpoint: Endpoint): () => void
  /** Requests of this process that wait for its headers now. */
  pending(endpoint: Endpoint): number
  /** Whether one more may wait, where `maxRequests` may in all processes together. */
  hasRoom(endpoint: Endpoint, maxRequests: number): boolean
  /** A whole answer came. */
  succeeded(endpoint: Endpoint): void
  /** An attempt failed by this endpoint's fault. */
  failed(endpoint: Endpoint, settings: OutlierSettings): void
  /** The endpoint asked not to be asked again for a while (Retry-After): no health signal. Milliseconds. */
  limited(endpoint: Endpoint, ms: number): void
  /** Its bytes contradicted a proof. */
  corrupt(endpoint: Endpoint): void
  /** The head of an answer came so many milliseconds after the attempt began. */
  timed(endpoint: Endpoint, ms: number): void
  /** Within how many milliseconds 95 of 100 of its answers began, in this process and of late; null: too few to say. */
  p95(endpoint: Endpoint): number | null
  /** The head of an answer that can be used came so many milliseconds after the request was sent. */
  answered(endpoint: Endpoint, ms: number): void
  /** How long it takes to begin an answer, as this process and the active checks see it; null: never measured. */
  measured(endpoint: Endpoint): Measured | null
}
