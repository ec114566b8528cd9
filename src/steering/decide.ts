import type { Endpoint, Route } from '../config/snapshot.ts'
import type { Place } from '../geo/place.ts'
import type { Candidate, Decision, Reason, Rejection, RejectionReason } from './decision.ts'
import { nearestOrder } from './order.ts'
import { STRATEGIES } from './strategies/index.ts'
import type { World } from './world.ts'

/**
 * Ranks the endpoints of a Route for a client: filters what cannot serve, then ranks level by level of priority, and
 * panics when no endpoint is healthy. Pure: time and chance come from the World.
 */
export function decide(route: Route, place: Place, world: World): Decision {
  const { endpoints, policy, geometry } = route
  const order = nearestOrder(geometry, place)
  const measuredFrom = order === null ? 'nowhere' : geometry.measuredFrom === null ? 'client' : 'gateway'
  if (policy.mode === 'origin') return { policy, measuredFrom, candidates: [], rejected: [] }

  const eligible: number[] = []
  const rejected: Rejection[] = []
  for (let index = 0; index < endpoints.length; index++) {
    const endpoint = endpoints[index]!
    const reason = rejection(endpoint, world)
    if (reason === null) eligible.push(index)
    else rejected.push({ endpoint, reason })
  }

  const rank = (indexes: readonly number[]): Candidate[] =>
    levels(endpoints, indexes).flatMap((level) =>
      STRATEGIES[policy.strategy]({ policy, endpoints, eligible: level, order, random: world.random }),
    )
  if (eligible.length === 0) return { policy, measuredFrom, ...panic(route, rejected, rank) }

  const candidates = rank(eligible)
  if (rejected.some(({ reason }) => isIll(reason))) markFailover(candidates, route, rejected, rank)
  return { policy, measuredFrom, candidates, rejected }
}

function rejection(endpoint: Endpoint, world: World): RejectionReason | null {
  if (endpoint.cdn?.drain === true) return 'drained'
  if (endpoint.cdn?.trust === false) return 'unverifiable'
  const health = world.health(endpoint)
  return health === 'healthy' ? null : health
}

function isIll(reason: RejectionReason): boolean {
  return reason === 'unhealthy' || reason === 'ejected'
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

type Ranking = (indexes: readonly number[]) => Candidate[]

/** With nothing healthy, an ill endpoint may still answer: better one attempt than none. */
function panic(
  route: Route,
  rejected: readonly Rejection[],
  rank: Ranking,
): { candidates: readonly Candidate[]; rejected: readonly Rejection[] } {
  const ill = rejected.filter(({ reason }) => isIll(reason))
  if (ill.length === 0) return { candidates: [], rejected }
  const [best] = rank(ill.map(({ endpoint }) => route.endpoints.indexOf(endpoint)))
  return {
    candidates: [{ ...best!, reason: 'panic' }],
    rejected: rejected.filter(({ endpoint }) => endpoint !== best!.endpoint),
  }
}

/** Says so where an ill endpoint would have been the first choice. */
function markFailover(candidates: Candidate[], route: Route, rejected: readonly Rejection[], rank: Ranking): void {
  const ill = new Set(rejected.filter(({ reason }) => isIll(reason)).map(({ endpoint }) => endpoint))
  const first = candidates[0]!
  const indexes = route.endpoints.flatMap((endpoint, index) =>
    ill.has(endpoint) || endpoint === first.endpoint ? [index] : [],
  )
  const reason: Reason = 'failover-unhealthy'
  if (rank(indexes)[0]!.endpoint !== first.endpoint) candidates[0] = { ...first, reason }
}
