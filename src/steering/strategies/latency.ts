import type { Candidate } from '../decision.ts'
import { expectedLatency } from '../expected-latency.ts'
import { breakTies } from '../ties.ts'
import { candidatesOf, type Strategy } from './strategy.ts'

/**
 * Whoever begins its answer first, as measured and, where nothing is, as the distance says. Those within
 * `latency_tolerance` of the fastest are equal, and tie-breakers order them.
 */
export const latency: Strategy = (field) => {
  const ranked = candidatesOf(field, 'latency')
    .map((candidate) => ({ ...candidate, ms: expectedLatency(candidate, field).now }))
    .sort((a, b) => a.ms - b.ms)
  const limit = ranked[0]!.ms + field.policy.latencyTolerance
  let tied = 1
  while (tied < ranked.length && ranked[tied]!.ms <= limit) tied++
  if (tied === 1) return ranked
  const isKnown = ({ endpoint }: Candidate) => field.world.latency(endpoint) !== null
  // What the gateway measures tells nothing of a client who is redirected.
  const unknown = field.order === null && (field.policy.mode === 'redirect' || !ranked.some(isKnown))
  const equals = breakTies(ranked.slice(0, tied), field, unknown ? 'no-geo-default' : 'tie-break')
  return [...equals, ...ranked.slice(tied)]
}
