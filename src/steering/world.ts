import type { Endpoint, Policy } from '../config/snapshot.ts'
import { type Quote, UNPRICED } from '../costs/quote.ts'

/**
 * How an endpoint stands, as of now: `unhealthy` by active checks, `ejected` by its answers to requests, `corrupt` by
 * bytes that did not prove. `circuit-open`: too many requests wait for its headers; `over-capacity`: it asked us to
 * come back later.
 */
export type Standing = 'healthy' | 'unhealthy' | 'ejected' | 'corrupt' | 'circuit-open' | 'over-capacity'

/** What a decision may look at besides the request and the Snapshot. The owner of the answers knows the time. */
export interface World {
  /** Uniform in [0, 1). */
  random(): number
  standing(endpoint: Endpoint, policy: Policy): Standing
  /** The share of its traffic that an endpoint may have after it came back: 0…1, 1 when it is not starting slowly. */
  ramp(endpoint: Endpoint, policy: Policy): number
  /** When it last answered a request or a check well: milliseconds of any one clock, −Infinity for never. */
  lastSuccess(endpoint: Endpoint): number
  /** How long it takes to begin an answer just now, ms; null: never measured. */
  latency(endpoint: Endpoint): number | null
  /** What the next GB of the endpoint's Cdn costs. */
  quote(endpoint: Endpoint): Quote
}

/** A World in which everything is well: what `explain --offline` decides in. A tie goes to the nearest that has a weight. */
export const NEUTRAL_WORLD: World = {
  random: () => 0,
  standing: () => 'healthy',
  ramp: () => 1,
  lastSuccess: () => Number.NEGATIVE_INFINITY,
  latency: () => null,
  quote: () => UNPRICED,
}
