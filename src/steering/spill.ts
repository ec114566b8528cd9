import type { Candidate, Rejection } from './decision.ts'
import { priorityOf } from './levels.ts'

/** A level is built for more than it gets: it carries all until fewer than 5 of 7 of its endpoints (71 %) can serve. */
const OVERPROVISIONING = 1.4

/**
 * A level of priority that lost too many endpoints leaves a part of the requests to the next, in proportion to what it
 * lacks, as Envoy does: for those, that level goes before the others.
 *
 * @param ranked level by level, not empty
 * @param out who could serve, but not now
 * @param random uniform in [0, 1)
 */
export function spill(ranked: Candidate[], out: readonly Rejection[], random: () => number): Candidate[] {
  const first = priorityOf(ranked[0]!.endpoint)
  if (priorityOf(ranked.at(-1)!.endpoint) === first) return ranked
  const loads = loadsOf(ranked, out)
  if (loads.get(first)! >= 1) return ranked
  const chosen = drawLevel(loads, random())
  if (chosen === first) return ranked
  const isChosen = ({ endpoint }: Candidate) => priorityOf(endpoint) === chosen
  const [head, ...rest] = [...ranked.filter(isChosen), ...ranked.filter((candidate) => !isChosen(candidate))]
  return [{ ...head!, reason: 'failover-unhealthy' }, ...rest]
}

/** What each level takes of the requests, 0…1, lowest number first; together less than 1 where all lack endpoints. */
function loadsOf(ranked: readonly Candidate[], out: readonly Rejection[]): Map<number, number> {
  const missing = Map.groupBy(out, ({ endpoint }) => priorityOf(endpoint))
  const loads = new Map<number, number>()
  let left = 1
  for (const [priority, { length: well }] of Map.groupBy(ranked, ({ endpoint }) => priorityOf(endpoint))) {
    const health = (OVERPROVISIONING * well) / (well + (missing.get(priority)?.length ?? 0))
    const load = Math.min(left, health)
    loads.set(priority, load)
    left -= load
  }
  return loads
}

/** Each level in proportion to what it takes. */
function drawLevel(loads: ReadonlyMap<number, number>, random: number): number {
  let point = random * [...loads.values()].reduce((sum, load) => sum + load)
  let chosen = 0
  for (const [priority, load] of loads) {
    chosen = priority
    if (point < load) break
    point -= load
  }
  return chosen
}
