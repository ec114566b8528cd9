import type { Candidate } from '../decision.ts'
import type { Field } from '../strategies/strategy.ts'

/**
 * Divides candidates that are equal to the strategy into groups, best first; those of one group stay equal, for the next
 * tie-breaker. Each candidate is in exactly one group. Pure, as a Strategy is; never asked about fewer than two.
 */
export type TieBreaker = (equals: readonly Candidate[], field: Field) => Candidate[][]
