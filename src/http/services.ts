import type { Cache } from '../cache/cache.ts'
import type { Purges } from '../cache/purges.ts'
import type { Meter } from '../costs/growth.ts'
import type { Sizes } from '../costs/sizes.ts'
import type { Budgets } from '../delivery/budgets.ts'
import type { Timers } from '../delivery/timers.ts'
import type { Address } from '../geo/address.ts'
import type { Place } from '../geo/place.ts'
import type { HealthView } from '../health/health-view.ts'
import type { AccessLog } from '../observe/access-log.ts'
import type { Log } from '../observe/log.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { Pressure } from '../observe/pressure.ts'
import type { Proofs } from '../proofs/proofs.ts'
import type { World } from '../steering/world.ts'
import type { Encoders } from './encoders.ts'
import type { Generation } from './generation.ts'
import type { RateLimits } from './rate-limits.ts'

/** What a request needs of the process. Everything but `current` outlives a reload. */
export interface Services {
  current(): Generation
  place(address: Address): Place
  readonly world: World
  readonly health: HealthView
  readonly budgets: Budgets
  readonly cache: Cache
  /** What is purged; the cache looks here for each hit. */
  readonly purges: Purges
  readonly proofs: Proofs
  readonly meter: Meter
  readonly sizes: Sizes
  readonly rateLimits: RateLimits
  readonly encoders: Encoders
  readonly pressure: Pressure
  readonly timers: Timers
  readonly metrics: Metrics
  readonly log: Log
  readonly accessLog: AccessLog
  /** The answer to a challenge of ACME that is under way. */
  challenge(token: string): string | undefined
}
