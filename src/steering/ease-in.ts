import type { Policy } from '../config/snapshot.ts'
import type { Candidate } from './decision.ts'
import type { World } from './world.ts'

/**
 * Slow start: an endpoint that came back keeps its rank for as large a share of the requests as its ramp says; for the
 * others it goes behind everybody else. Whoever is first instead took over, and says so.
 *
 * @param random uniform in [0, 1)
 */
export function easeIn(ranked: Candidate[], policy: Policy, world: World, random: () => number): Candidate[] {
  if (ranked.length < 2) return ranked
  let slow: Set<Candidate> | null = null
  for (let rank = 0; rank < ranked.length; rank++) {
    const ramp = world.ramp(ranked[rank]!.endpoint, policy)
    if (ramp >= 1) continue
    const candidate: Candidate = { ...ranked[rank]!, ramp }
    ranked[rank] = candidate
    if (random() < ramp) continue
    slow ??= new Set()
    slow.add(candidate)
  }
  if (slow === null) return ranked
  const behind = slow
  const eased = [...ranked.filter((candidate) => !behind.has(candidate)), ...behind]
  if (eased[0] !== ranked[0]) eased[0] = { ...eased[0]!, reason: 'failover-unhealthy' }
  return eased
}
