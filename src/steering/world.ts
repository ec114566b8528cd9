import type { Endpoint } from '../config/snapshot.ts'

/** What the health board thinks of an endpoint: `unhealthy` by active checks, `ejected` by its answers to requests. */
export type HealthState = 'healthy' | 'unhealthy' | 'ejected'

/** What a decision may look at besides the request and the Snapshot. Health is as of now: the board knows the time. */
export interface World {
  /** Uniform in [0, 1). */
  random(): number
  health(endpoint: Endpoint): HealthState
}

/** A World in which everything is well: what `explain --offline` decides in. A tie goes to the nearest that has a weight. */
export const NEUTRAL_WORLD: World = {
  random: () => 0,
  health: () => 'healthy',
}
