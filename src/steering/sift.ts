import type { Endpoint, Policy, Route } from '../config/snapshot.ts'
import type { Rejection } from './decision.ts'
import type { RejectionReason } from './reasons.ts'
import type { Standing, World } from './world.ts'

/** The endpoints of a Route, as indexes, that may serve, and the others with their reasons. */
export interface Sifted {
  readonly eligible: readonly number[]
  readonly rejected: readonly Rejection[]
}

/** Why this endpoint is no candidate for one request, whatever its health; null: it may be one. */
export type Unfit = (endpoint: Endpoint) => RejectionReason | null

/** Separates what can serve now from what cannot. Configuration comes before health. */
export function sift(route: Route, world: World, unfit: Unfit): Sifted {
  const { endpoints, policy } = route
  const eligible: number[] = []
  const rejected: Rejection[] = []
  for (let index = 0; index < endpoints.length; index++) {
    const endpoint = endpoints[index]!
    const standing = route.unfit[index] ?? unfit(endpoint) ?? standingOf(endpoint, policy, world)
    if (standing === 'healthy') eligible.push(index)
    else rejected.push({ endpoint, reason: standing })
  }
  return { eligible, rejected }
}

/** Health comes before capacity: how an ill endpoint's Cdn is used says nothing. */
function standingOf(endpoint: Endpoint, policy: Policy, world: World): Standing {
  const standing = world.standing(endpoint, policy)
  const limited = standing === 'healthy' && endpoint.cdn !== null && endpoint.cdn.maxMbps !== null
  return limited && world.quote(endpoint).full ? 'over-capacity' : standing
}

/** Ill: its answers or its checks were bad. Panic may still try it; `corrupt` never. */
export function isIll({ reason }: Rejection): boolean {
  return reason === 'unhealthy' || reason === 'ejected'
}

/** Not the configuration, but how the endpoint stands now. */
export function isTemporary(rejection: Rejection): boolean {
  return !isUnfit(rejection) && rejection.reason !== 'commit-reached'
}

/** It could not serve this request if it were well. */
export function isUnfit({ reason }: Rejection): boolean {
  return reason === 'drained' || reason === 'cannot-serve' || reason === 'unverifiable' || reason === 'absent'
}
