import type { Candidate } from '../decision.ts'
import { expectedLatency } from '../expected-latency.ts'
import type { TieBreaker } from './tie-breaker.ts'

/** Averages are not exacter than this. Milliseconds. */
const RESOLUTION = 1

/**
 * The fastest first. Where the strategy has another aim, only a difference beyond `latency_tolerance` matters. Where the
 * aim is latency, those within it are equal but for what they usually take: a slow answer just now is no reason to change.
 */
export const latency: TieBreaker = (equals, field) => {
  const fine = field.policy.strategy === 'latency'
  const timed = equals.map((candidate) => {
    const { now, usual } = expectedLatency(candidate, field)
    return { candidate, ms: fine ? usual : now }
  })
  return groupsWithin(fine ? RESOLUTION : field.policy.latencyTolerance, timed)
}

/** Each group begins with the best of what is left, and holds who is within `tolerance` of it, in the order given. */
function groupsWithin(
  tolerance: number,
  timed: readonly { readonly candidate: Candidate; readonly ms: number }[],
): Candidate[][] {
  const groups: Candidate[][] = []
  let left = timed
  while (left.length > 0) {
    const limit = Math.min(...left.map(({ ms }) => ms)) + tolerance
    groups.push(left.filter(({ ms }) => ms <= limit).map(({ candidate }) => candidate))
    left = left.filter(({ ms }) => ms > limit)
  }
  return groups
}
