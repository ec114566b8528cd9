import type { Endpoint, Route } from '../config/snapshot.ts'
import type { Candidate, Decision, Rejection } from './decision.ts'
import { easeIn } from './ease-in.ts'
import { nearestOrder } from './order.ts'
import { mustPanic, panic } from './panic.ts'
import type { Ranking } from './ranking.ts'
import type { RequestFacts } from './request-facts.ts'
import { isTemporary, sift } from './sift.ts'
import { spare } from './spare.ts'
import { markBurst, spill } from './spill.ts'
import { STRATEGIES } from './strategies/index.ts'
import type { World } from './world.ts'

/**
 * Ranks the endpoints of a Route for a client: filters what cannot serve, then ranks level by level of priority, eases
 * in who came back, and panics when no endpoint is healthy. Pure: time and chance come from the World.
 */
export function decide(route: Route, request: RequestFacts, world: World): Decision {
  const { endpoints, policy, geometry } = route
  const order = nearestOrder(geometry, request.place)
  const measuredFrom = order === null ? 'nowhere' : geometry.measuredFrom === null ? 'client' : 'gateway'
  if (policy.mode === 'origin') return { policy, measuredFrom, candidates: [], rejected: [] }

  const rank: Ranking = (indexes) =>
    levels(endpoints, indexes).flatMap((level) =>
      STRATEGIES[policy.strategy]({ policy, endpoints, eligible: level, order, request, world }),
    )
  const sifted = spare(route, sift(route, world), rank, world)
  if (mustPanic(route, sifted)) {
    const candidates = panic(route, sifted, rank, world)
    const tried = candidates.find(({ reason }) => reason === 'panic')?.endpoint
    const rejected = sifted.rejected.filter(({ endpoint }) => endpoint !== tried)
    return { policy, measuredFrom, candidates, rejected }
  }
  const { eligible, rejected } = spill(route, sifted, order, { request, world })
  if (eligible.length === 0) return { policy, measuredFrom, candidates: [], rejected }

  const candidates = easeIn(rank(eligible), policy, world)
  if (rejected.some(isTemporary)) markFailover(candidates, route, rejected, rank)
  markBurst(candidates, policy, rejected)
  return { policy, measuredFrom, candidates, rejected }
}

/** The eligible endpoints by priority, lowest number first; almost always one level. */
function levels(endpoints: readonly Endpoint[], indexes: readonly number[]): (readonly number[])[] {
  const byPriority = new Map<number, number[]>()
  for (const index of indexes) {
    const priority = endpoints[index]!.cdn?.priority ?? 0
    const level = byPriority.get(priority)
    if (level === undefined) byPriority.set(priority, [index])
    else level.push(index)
  }
  if (byPriority.size === 1) return [...byPriority.values()]
  return [...byPriority].sort(([a], [b]) => a - b).map(([, level]) => level)
}

/** Says so where an endpoint that cannot serve now would have been the first choice. */
function markFailover(candidates: Candidate[], route: Route, rejected: readonly Rejection[], rank: Ranking): void {
  const out = new Set(rejected.filter(isTemporary).map(({ endpoint }) => endpoint))
  const first = candidates[0]!
  const indexes = route.endpoints.flatMap((endpoint, index) =>
    out.has(endpoint) || endpoint === first.endpoint ? [index] : [],
  )
  if (rank(indexes)[0]!.endpoint !== first.endpoint) candidates[0] = { ...first, reason: 'failover-unhealthy' }
}
