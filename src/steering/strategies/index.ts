import { cost } from './cost.ts'
import { failover } from './failover.ts'
import { proximity } from './proximity.ts'
import type { Strategy } from './strategy.ts'

/** Every strategy by its name in the configuration. */
export const STRATEGIES = { proximity, failover, cost } as const satisfies Record<string, Strategy>

export type StrategyName = keyof typeof STRATEGIES
