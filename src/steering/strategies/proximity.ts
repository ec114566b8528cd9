import type { Candidate } from '../decision.ts'
import { weightedOrder } from '../weighted-order.ts'
import type { Field, Strategy } from './strategy.ts'

/**
 * The nearest endpoint first. Those within `tie_threshold` of the nearest are equal, and weights order them; so they
 * order all of them when nobody knows where the client is.
 */
export const proximity: Strategy = (field) => {
  const { endpoints, eligible, order, policy } = field
  if (order === null) return byWeight(field)
  const ranked: Candidate[] = []
  for (const { index, km } of order) {
    if (eligible.includes(index)) ranked.push({ endpoint: endpoints[index]!, reason: 'proximity', km })
  }
  const limit = ranked[0]!.km! + policy.tieThreshold
  let tied = 1
  while (tied < ranked.length && ranked[tied]!.km! <= limit) tied++
  if (tied === 1) return ranked
  const equals = ranked.slice(0, tied).map((candidate) => ({ ...candidate, reason: 'tie-break' as const }))
  return [...weightedOrder(equals, weightOf, field.world.random), ...ranked.slice(tied)]
}

function byWeight({ endpoints, eligible, world }: Field): Candidate[] {
  const candidates = eligible.map((index) => ({
    endpoint: endpoints[index]!,
    reason: 'no-geo-default' as const,
    km: null,
  }))
  return weightedOrder(candidates, weightOf, world.random)
}

function weightOf({ endpoint }: Candidate): number {
  return endpoint.cdn?.weight ?? 1
}
