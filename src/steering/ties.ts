import { clientNetwork } from './client-network.ts'
import { type Candidate, weightOf } from './decision.ts'
import type { Reason } from './reasons.ts'
import { rendezvousOrder } from './rendezvous.ts'
import type { Field } from './strategies/strategy.ts'
import { TIE_BREAKERS } from './tie-breakers/index.ts'
import { weightedOrder } from './weighted-order.ts'

/**
 * Orders candidates that are equal to the strategy: always in the same way for a client network where the policy has
 * affinity, else by its tie-breakers, one after the other. What they leave equal keeps its order.
 *
 * @param reason of those that no affinity orders
 */
export function breakTies(equals: readonly Candidate[], field: Field, reason: Reason): Candidate[] {
  if (equals.length > 1 && field.policy.affinity === 'client-network') return byAffinity(equals, field)
  const tied = equals.map((candidate) => ({ ...candidate, reason }))
  return settle(tied, field, 0)
}

/** The same for candidates that weights alone order. */
export function byWeight(candidates: readonly Candidate[], field: Field): Candidate[] {
  if (candidates.length < 2) return [...candidates]
  if (field.policy.affinity === 'client-network') return byAffinity(candidates, field)
  return weightedOrder(candidates, weightOf, field.draw())
}

function byAffinity(candidates: readonly Candidate[], { request }: Field): Candidate[] {
  const ordered = rendezvousOrder(candidates, clientNetwork(request.client))
  return ordered.map((candidate) => ({ ...candidate, reason: 'affinity' }))
}

function settle(equals: Candidate[], field: Field, next: number): Candidate[] {
  const name = field.policy.tieBreakers[next]
  if (equals.length < 2 || name === undefined) return equals
  const groups = TIE_BREAKERS[name](equals, field)
  if (groups.length === 1) return settle(groups[0]!, field, next + 1)
  const ordered: Candidate[] = []
  for (const group of groups) ordered.push(...settle(group, field, next + 1))
  return ordered
}
