import { PolycdnError } from '../errors.ts'
import { admit } from './admit.ts'
import type { Admitted } from './exchange.ts'
import { RateLimited } from './rate-limited.ts'
import type { RequestHead } from './request-head.ts'
import type { Services } from './services.ts'
import { nameUpstreamTags } from './upstream-tags.ts'

/** The one way in for a request that will be served: not while the gateway is overloaded, not of who sends too many. */
export function enter(services: Services, raw: RequestHead): Admitted | PolycdnError {
  const shed = shedding(services)
  if (shed !== null) return shed
  const admitted = admit(services, raw)
  if (admitted instanceof PolycdnError) return admitted
  nameUpstreamTags(admitted)
  return overLimit(services, admitted) ?? admitted
}

/** Before anything is spent on a request. */
export function shedding({ pressure, metrics }: Services): PolycdnError | null {
  const reason = pressure.sheds()
  if (reason === null) return null
  metrics.shedRequests.child(reason).inc()
  return new PolycdnError('overloaded', 'this gateway has too much to do')
}

/** Counts a request against the limit of its policy. */
export function overLimit({ rateLimits, timers, metrics }: Services, admitted: Admitted): RateLimited | null {
  const { site, route, client } = admitted
  const wait = rateLimits.wait(route.policy, client, timers.now())
  if (wait === 0) return null
  metrics.rateLimited.child(site.name, route.policy.name).inc()
  return new RateLimited(admitted, wait)
}
