import { cost } from './cost.ts'
import { failover } from './failover.ts'
import { hash } from './hash.ts'
import { latency } from './latency.ts'
import { proximity } from './proximity.ts'
import type { Strategy } from './strategy.ts'
import { weighted } from './weighted.ts'

/** Every strategy by its name in the configuration. */
export const STRATEGIES = {
  proximity,
  latency,
  weighted,
  failover,
  hash,
  cost,
} as const satisfies Record<string, Strategy>

export type StrategyName = keyof typeof STRATEGIES
