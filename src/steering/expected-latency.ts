import type { Candidate } from './decision.ts'
import type { Field } from './strategies/strategy.ts'

/** Light in glass takes 10 ms for 1,000 km there and back: nothing that was not measured is expected to be faster. */
const MS_PER_KM = 0.01
/** While nobody knows how long an endpoint takes and one request finds out, the others count a second more. */
const AWAITED = 1_000
/** What was measured holds for so long, and then fades towards what the distance says. Milliseconds. */
const FRESH = 30_000
const FADING = 60_000
/** The share of requests that believes in the fading: it bounds what finding out again may cost. */
const EXPLORING = 0.01

/** Milliseconds to the head of an answer. */
export interface ExpectedLatency {
  /** Just now, with what is left of the last slow answer. */
  readonly now: number
  /** As a rule. */
  readonly usual: number
}

/**
 * How long a candidate will take to begin its answer: as measured, or as its distance says while it is not. A redirected
 * client is not where the gateway measures, so for it the distance is all there is.
 */
export function expectedLatency({ endpoint, km }: Candidate, { policy, world, draw }: Field): ExpectedLatency {
  const seed = (km ?? 0) * MS_PER_KM
  if (policy.mode === 'redirect') return { now: seed, usual: seed }
  const measured = world.measured(endpoint)
  if (measured === null) {
    const ms = world.pending(endpoint) === 0 ? seed : seed + AWAITED
    return { now: ms, usual: ms }
  }
  const { now, usual, age } = measured
  if (age <= FRESH || draw() >= EXPLORING || world.pending(endpoint) > 0) return measured
  const trust = Math.exp(-(age - FRESH) / FADING)
  return { now: seed + (now - seed) * trust, usual: seed + (usual - seed) * trust }
}
