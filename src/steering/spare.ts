import type { Route } from '../config/snapshot.ts'
import type { Rejection } from './decision.ts'
import { byLastSuccess, type Ranking } from './ranking.ts'
import type { Sifted } from './sift.ts'
import type { World } from './world.ts'

/**
 * Ejections are a guess about endpoints that may be as good as any: they take no more than `max_ejection_percent` of a
 * policy's endpoints, and never the last one. Whoever answered well most recently stays, as a candidate like any other;
 * of those that never did, whoever ranks best.
 */
export function spare(route: Route, sifted: Sifted, rank: Ranking, world: World): Sifted {
  const { eligible, rejected } = sifted
  if (!rejected.some(isEjected)) return sifted
  const ejected = rejected.filter(isEjected).map(({ endpoint }) => route.endpoints.indexOf(endpoint))
  const most = Math.floor((route.endpoints.length * route.policy.outlier.maxEjectionPercent) / 100)
  const last = eligible.length === 0 && !rejected.some(isBusy) ? 1 : 0
  const count = Math.max(ejected.length - most, last)
  if (count === 0) return sifted
  const spared = new Set(
    byLastSuccess(rank(ejected), world)
      .slice(0, count)
      .map(({ endpoint }) => endpoint),
  )
  const back = ejected.filter((index) => spared.has(route.endpoints[index]!))
  return {
    eligible: [...eligible, ...back].sort((a, b) => a - b),
    rejected: rejected.filter(({ endpoint }) => !spared.has(endpoint)),
  }
}

function isEjected({ reason }: Rejection): boolean {
  return reason === 'ejected'
}

/** Well, but it cannot take this request. */
function isBusy({ reason }: Rejection): boolean {
  return reason === 'circuit-open' || reason === 'over-capacity'
}
