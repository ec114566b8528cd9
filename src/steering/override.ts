import type { Distance, Route } from '../config/snapshot.ts'
import type { Candidate, Rejection } from './decision.ts'
import type { Unfit } from './sift.ts'
import type { World } from './world.ts'

/** Whether the Route has an endpoint of this Cdn. */
export function hasCdn({ endpoints }: Route, cdnName: string): boolean {
  return endpoints.some((endpoint) => endpoint.cdnName === cdnName)
}

/**
 * Somebody wants to hear this Cdn: its endpoints alone, nearest first, though it is ill, drained, busy or beyond its
 * commit. Never bytes that nobody proves, nor who sent false ones. The others are no candidates, and no part of it.
 */
export function override(
  route: Route,
  cdnName: string,
  order: readonly Distance[] | null,
  { world, unfit }: { readonly world: World; readonly unfit: Unfit },
): { readonly candidates: readonly Candidate[]; readonly rejected: readonly Rejection[] } {
  const indexes = order?.map(({ index }) => index) ?? route.endpoints.keys()
  const km = new Map(order?.map((distance) => [distance.index, distance.km]))
  const candidates: Candidate[] = []
  const rejected: Rejection[] = []
  for (const index of indexes) {
    const endpoint = route.endpoints[index]!
    if (endpoint.cdnName !== cdnName) continue
    const reason = route.unfit[index] ?? unfit(endpoint)
    if (reason !== null && reason !== 'drained') rejected.push({ endpoint, reason })
    else if (world.standing(endpoint, route.policy) === 'corrupt') rejected.push({ endpoint, reason: 'corrupt' })
    else candidates.push({ endpoint, reason: 'override', km: km.get(index) ?? null })
  }
  return { candidates, rejected }
}
