import { cheapestFirst } from '../cheapest.ts'
import type { Candidate } from '../decision.ts'
import { reachOf } from '../reach.ts'
import type { Field, Strategy } from './strategy.ts'

/**
 * The cheapest first of those that are within reach: at most `max_extra_distance` further than the nearest, and
 * `max_extra_latency` slower than the fastest. The others follow by distance, for failover.
 */
export const cost: Strategy = (field) => {
  const ranked = byDistance(field)
  const isNear = reachOf(ranked, field)
  const near = ranked.filter(isNear)
  const far = near.length === ranked.length ? [] : ranked.filter((candidate) => !isNear(candidate))
  return [...cheapestFirst(near, field), ...far]
}

function byDistance({ endpoints, eligible, order }: Field): Candidate[] {
  if (order === null) {
    return eligible.map((index) => ({ endpoint: endpoints[index]!, reason: 'no-geo-default', km: null }))
  }
  const ranked: Candidate[] = []
  for (const { index, km } of order) {
    if (eligible.includes(index)) ranked.push({ endpoint: endpoints[index]!, reason: 'proximity', km })
  }
  return ranked
}
