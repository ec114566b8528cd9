import type { Endpoint, Policy } from '../config/snapshot.ts'
import { type Quote, UNPRICED } from '../costs/quote.ts'

/**
 * How an endpoint stands, as of now: `unhealthy` by active checks, `ejected` by its answers to requests, `corrupt` by
 * bytes that did not prove. `circuit-open`: too many requests wait for its headers; `over-capacity`: it asked us to
 * come back later; `drained`: nothing is to be sent there.
 */
export type Standing = 'healthy' | 'unhealthy' | 'ejected' | 'corrupt' | 'circuit-open' | 'over-capacity' | 'drained'

/** How long an endpoint takes to begin its answers. Milliseconds. */
export interface Measured {
  /** Just now: several slow answers raise it at once, and then it falls. */
  readonly now: number
  /** As a rule. */
  readonly usual: number
  /** Since when nothing new is known. */
  readonly age: number
}

/** What a decision may look at besides the request and the Snapshot. The owner of the answers knows the time. */
export interface World {
  /** Uniform in [0, 1). */
  random(): number
  /** Uniform in [0, 1) too, but not at random: the numbers of one policy fill the interval evenly, also a few in a row. */
  draw(policy: Policy): number
  standing(endpoint: Endpoint, policy: Policy): Standing
  /** The share of its traffic that an endpoint may have after it came back: 0…1, 1 when it is not starting slowly. */
  ramp(endpoint: Endpoint, policy: Policy): number
  /** When it last answered a request or a check well: milliseconds of any one clock, −Infinity for never. */
  lastSuccess(endpoint: Endpoint): number
  /** null: never. */
  measured(endpoint: Endpoint): Measured | null
  /** Of that, what holds just now. */
  latency(endpoint: Endpoint): number | null
  /** Requests of this process that wait for its headers. */
  pending(endpoint: Endpoint): number
  /** What the next GB of the endpoint's Cdn costs. */
  quote(endpoint: Endpoint): Quote
}

/** A World in which everything is well: what `explain --offline` decides in. A tie goes to the nearest that has a weight. */
export const NEUTRAL_WORLD: World = {
  random: () => 0,
  draw: () => 0,
  standing: () => 'healthy',
  ramp: () => 1,
  lastSuccess: () => Number.NEGATIVE_INFINITY,
  latency: () => null,
  measured: () => null,
  pending: () => 0,
  quote: () => UNPRICED,
}
