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
  const times = equals.map((candidate) => {
    const { now, usual } = expectedLatency(candidate, field)
    return fine ? usual : now
  })
  return groupsWithin(fine ? RESOLUTION : field.policy.latencyTolerance, equals, times)
}

/** Each group begins with the best of what is left, and holds who is within `tolerance` of it, in the order given. */
function groupsWithin(tolerance: number, equals: readonly Candidate[], times: readonly number[]): Candidate[][] {
  const groups: Candidate[][] = []
  let limit = Number.NEGATIVE_INFINITY
  for (;;) {
    const beyond = limit
    let least = Number.POSITIVE_INFINITY
    for (const ms of times) if (ms > beyond && ms < least) least = ms
    if (least === Number.POSITIVE_INFINITY) return groups
    limit = least + tolerance
    groups.push(equals.filter((_, at) => times[at]! > beyond && times[at]! <= limit))
  }
}
