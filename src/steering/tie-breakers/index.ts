import { cost } from './cost.ts'
import { latency } from './latency.ts'
import type { TieBreaker } from './tie-breaker.ts'
import { weight } from './weight.ts'

/** Every tie-breaker by its name in the configuration. */
export const TIE_BREAKERS = { latency, weight, cost } as const satisfies Record<string, TieBreaker>

export type TieBreakerName = keyof typeof TIE_BREAKERS
