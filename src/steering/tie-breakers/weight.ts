import { weightOf } from '../decision.ts'
import { weightedOrder } from '../weighted-order.ts'
import type { TieBreaker } from './tie-breaker.ts'

/** Drawn smoothly in proportion to weights, which leaves nobody equal. */
export const weight: TieBreaker = (equals, { draw }) =>
  weightedOrder(equals, weightOf, draw()).map((candidate) => [candidate])
