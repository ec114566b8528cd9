import type { Route } from '../config/snapshot.ts'
import { burst, markBurst } from './burst.ts'
import type { Candidate, Decision, Rejection } from './decision.ts'
import { easeIn } from './ease-in.ts'
import { levels } from './levels.ts'
import { nearestOrder } from './order.ts'
import { override } from './override.ts'
import { mustPanic, panic } from './panic.ts'
import type { Ranking } from './ranking.ts'
import { numberOf } from './rendezvous.ts'
import type { RequestFacts } from './request-facts.ts'
import { isTemporary, sift, type Unfit } from './sift.ts'
import { spare } from './spare.ts'
import { spill } from './spill.ts'
import { steadyKey } from './steady-key.ts'
import { STRATEGIES } from './strategies/index.ts'
import type { World } from './world.ts'

const FIT: Unfit = () => null

/**
 * Ranks the endpoints of a Route for a client: filters what cannot serve, then ranks level by level of priority, eases
 * in who came back, and panics when no endpoint is healthy. Pure: time and chance come from the World.
 *
 * @param unfit what is known of this request's object besides what the Route says
 */
export function decide(route: Route, request: RequestFacts, world: World, unfit: Unfit = FIT): Decision {
  const { endpoints, policy, geometry } = route
  const order = nearestOrder(geometry, request.place)
  const measuredFrom = order === null ? 'nowhere' : geometry.measuredFrom === null ? 'client' : 'gateway'
  if (policy.mode === 'origin') return { policy, measuredFrom, candidates: [], rejected: [] }

  if (request.forced !== null)
    return { policy, measuredFrom, ...override(route, request.forced, order, { world, unfit }) }

  let drawn: number | null = null
  const draw = () => (drawn ??= world.draw(policy))
  const rank: Ranking = (indexes) =>
    levels(endpoints, indexes).flatMap((eligible) =>
      STRATEGIES[policy.strategy]({ policy, endpoints, eligible, order, request, world, draw }),
    )
  const sifted = spare(route, sift(route, world, unfit), rank, world)
  if (mustPanic(route, sifted)) {
    const candidates = panic(route, sifted, rank, world)
    const tried = candidates.find(({ reason }) => reason === 'panic')?.endpoint
    const rejected = sifted.rejected.filter(({ endpoint }) => endpoint !== tried)
    return { policy, measuredFrom, candidates, rejected }
  }
  const { eligible, rejected } = burst(route, sifted, order, { request, world })
  if (eligible.length === 0) return { policy, measuredFrom, candidates: [], rejected }

  const out = rejected.filter(isTemporary)
  // Requests that keep together stay together also when a part of them has to go elsewhere.
  const key = steadyKey(policy, request)
  const random = key === null ? () => world.random() : () => numberOf(key)
  const ranked = out.length === 0 ? rank(eligible) : spill(rank(eligible), out, random)
  const candidates = easeIn(ranked, policy, world, random)
  if (out.length > 0) markFailover(candidates, route, out, rank)
  markBurst(candidates, policy, rejected)
  return { policy, measuredFrom, candidates, rejected }
}

/** Says so where an endpoint that cannot serve now would have been the first choice. */
function markFailover(candidates: Candidate[], route: Route, out: readonly Rejection[], rank: Ranking): void {
  const missing = new Set(out.map(({ endpoint }) => endpoint))
  const present = new Set(candidates.map(({ endpoint }) => endpoint))
  const indexes = route.endpoints.flatMap((endpoint, index) =>
    missing.has(endpoint) || present.has(endpoint) ? [index] : [],
  )
  if (missing.has(rank(indexes)[0]!.endpoint)) candidates[0] = { ...candidates[0]!, reason: 'failover-unhealthy' }
}
