import type { Endpoint, Policy } from '../config/snapshot.ts'
import type { World } from '../steering/world.ts'
import type { Admitted } from './exchange.ts'

/** The endpoints for what is no GET or HEAD in the order to try: as configured, those known to be down last. */
export function tryOrder(endpoints: readonly Endpoint[], policy: Policy, world: World): readonly Endpoint[] {
  if (endpoints.length < 2) return endpoints
  const well = endpoints.filter((endpoint) => world.standing(endpoint, policy) === 'healthy')
  return [...well, ...endpoints.filter((endpoint) => !well.includes(endpoint))]
}

/** Milliseconds to the head of the answer. A CDN asks the origin, so it gets the origin's time. */
export function answerTimeout({ site, route }: Admitted): number {
  return site.origin?.timeout ?? route.policy.retry.timeout
}
