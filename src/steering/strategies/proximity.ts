import type { Candidate } from '../decision.ts'
import { breakTies } from '../ties.ts'
import { candidatesOf, type Strategy } from './strategy.ts'

/**
 * The nearest endpoint first. Those within `tie_threshold` of the nearest are equal, and tie-breakers order them; so they
 * order all of them when nobody knows where the client is.
 */
export const proximity: Strategy = (field) => {
  const { endpoints, eligible, order, policy } = field
  if (order === null) return breakTies(candidatesOf(field, 'no-geo-default'), field, 'no-geo-default')
  const ranked: Candidate[] = []
  for (const { index, km } of order) {
    if (eligible.includes(index)) ranked.push({ endpoint: endpoints[index]!, reason: 'proximity', km })
  }
  const limit = ranked[0]!.km! + policy.tieThreshold
  let tied = 1
  while (tied < ranked.length && ranked[tied]!.km! <= limit) tied++
  if (tied === 1) return ranked
  return [...breakTies(ranked.slice(0, tied), field, 'tie-break'), ...ranked.slice(tied)]
}
