import type { Candidate } from '../decision.ts'
import { expectedLatency } from '../expected-latency.ts'
import type { Field } from '../strategies/strategy.ts'
import type { TieBreaker } from './tie-breaker.ts'

/** Averages are not exacter than this. Milliseconds. */
const RESOLUTION = 1

/**
 * The fastest first. Where the aim of the strategy is latency, those within `latency_tolerance` are equal but for what
 * they usually take: a slow answer just now is no reason to change. Where it has another aim, only a difference beyond
 * that matters, and none as long as nothing is measured: the distance has been weighed already.
 */
export const latency: TieBreaker = (equals, field) => {
  const { strategy, latencyTolerance } = field.policy
  if (strategy === 'latency') {
    const usual = equals.map((candidate) => expectedLatency(candidate, field).usual)
    return groupsWithin(RESOLUTION, equals, usual)
  }
  if (!isMeasured(equals, field)) return [[...equals]]
  const now = equals.map((candidate) => expectedLatency(candidate, field).now)
  return groupsWithin(latencyTolerance, equals, now)
}

function isMeasured(equals: readonly Candidate[], { policy, world }: Field): boolean {
  return policy.mode !== 'redirect' && equals.some(({ endpoint }) => world.measured(endpoint) !== null)
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
