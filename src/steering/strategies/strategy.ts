import type { Distance, Endpoint, Policy } from '../../config/snapshot.ts'
import type { Candidate } from '../decision.ts'
import type { Reason } from '../reasons.ts'
import type { RequestFacts } from '../request-facts.ts'
import type { World } from '../world.ts'

/** What a strategy ranks: the eligible endpoints of one priority level. */
export interface Field {
  readonly policy: Policy
  readonly endpoints: readonly Endpoint[]
  /** The eligible ones, as indexes into `endpoints`, in the order of the policy. Never empty. */
  readonly eligible: readonly number[]
  /** All endpoints of the route, nearest first, or null when the place is unknown. */
  readonly order: readonly Distance[] | null
  readonly request: RequestFacts
  readonly world: World
  /** The number that weights are drawn with, the same one throughout a decision. In [0, 1). */
  draw(): number
}

/**
 * Ranks every eligible endpoint, best first: each exactly once and no other. Pure, and deterministic for a given
 * sequence of random numbers.
 */
export type Strategy = (field: Field) => Candidate[]

/** The eligible endpoints in the order of the policy, with their distances. */
export function candidatesOf({ endpoints, eligible, order }: Field, reason: Reason): Candidate[] {
  const distances: number[] = []
  for (const { index, km } of order ?? []) distances[index] = km
  return eligible.map((index) => ({ endpoint: endpoints[index]!, reason, km: distances[index] ?? null }))
}
