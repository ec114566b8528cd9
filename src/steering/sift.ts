import type { Endpoint, Route } from '../config/snapshot.ts'
import type { Rejection, RejectionReason } from './decision.ts'
import type { World } from './world.ts'

/** The endpoints of a Route, as indexes, that may serve, and the others with their reasons. */
export interface Sifted {
  readonly eligible: readonly number[]
  readonly rejected: readonly Rejection[]
}

/** Separates what can serve now from what cannot. Configuration comes before health. */
export function sift(route: Route, world: World): Sifted {
  const { endpoints, policy } = route
  const eligible: number[] = []
  const rejected: Rejection[] = []
  for (let index = 0; index < endpoints.length; index++) {
    const endpoint = endpoints[index]!
    const standing = configured(endpoint) ?? world.standing(endpoint, policy)
    if (standing === 'healthy') eligible.push(index)
    else rejected.push({ endpoint, reason: standing })
  }
  return { eligible, rejected }
}

function configured(endpoint: Endpoint): RejectionReason | null {
  if (endpoint.cdn?.drain === true) return 'drained'
  return endpoint.cdn?.trust === false ? 'unverifiable' : null
}

/** Ill: its answers or its checks were bad. Panic may still try it; `corrupt` never. */
export function isIll({ reason }: Rejection): boolean {
  return reason === 'unhealthy' || reason === 'ejected'
}

/** Not the configuration, but how the endpoint stands now. */
export function isTemporary({ reason }: Rejection): boolean {
  return reason !== 'drained' && reason !== 'unverifiable' && reason !== 'already-tried'
}
