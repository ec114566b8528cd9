import type { Route } from '../config/snapshot.ts'
import type { Candidate } from './decision.ts'
import { byLastSuccess, type Ranking } from './ranking.ts'
import { isIll, isUnfit, type Sifted } from './sift.ts'
import type { World } from './world.ts'

/**
 * Whether health is ignored: when no endpoint can serve but an ill one may, or when fewer than `panic_threshold`
 * percent of those that the configuration lets serve are well.
 */
export function mustPanic(route: Route, { eligible, rejected }: Sifted): boolean {
  if (!rejected.some(isIll)) return false
  if (eligible.length === 0) return true
  const threshold = route.policy.panicThreshold
  if (threshold === 0) return false
  const out = rejected.filter(isUnfit).length
  const sick = rejected.filter((rejection) => isIll(rejection) || rejection.reason === 'corrupt').length
  const usable = route.endpoints.length - out
  return (100 * (usable - sick)) / usable < threshold
}

/**
 * One attempt at an ill endpoint. With nothing healthy, whoever answered well most recently; below the threshold, the
 * ranking ignores health up to the first ill endpoint in it, so that the healthy ones are spared their share.
 */
export function panic(route: Route, { eligible, rejected }: Sifted, rank: Ranking, world: World): Candidate[] {
  const ill = new Set(rejected.filter(isIll).map(({ endpoint }) => endpoint))
  const indexes = route.endpoints.flatMap((endpoint, index) =>
    ill.has(endpoint) || eligible.includes(index) ? [index] : [],
  )
  const ranked = rank(indexes)
  if (eligible.length === 0) return byLastSuccess(ranked, world).slice(0, 1).map(asPanic)
  const first = ranked.find(({ endpoint }) => ill.has(endpoint))
  return ranked
    .filter((candidate) => candidate === first || !ill.has(candidate.endpoint))
    .map((candidate) => (candidate === first ? asPanic(candidate) : candidate))
}

function asPanic(candidate: Candidate): Candidate {
  return { ...candidate, reason: 'panic' }
}
