import type { Endpoint } from '../config/snapshot.ts'
import { priceAt } from '../costs/quote.ts'
import { passedOver } from '../steering/passed-over.ts'
import type { Admitted, Ending } from './exchange.ts'
import type { Services } from './services.ts'

/** The continent whose prices a request has: the gateway's where bytes run through it, else the client's. */
export function pricedAt({ route, facts }: Pick<Admitted, 'route' | 'facts'>): string | null {
  return route.policy.cost.pricedAt ?? facts.place.continent
}

/**
 * Books what no attempt can: what a redirected client is going to fetch, and what went elsewhere because a commit is
 * reached. Learns how large answers are.
 */
export function meterEnding(services: Services, admitted: Admitted, ending: Ending): void {
  const { servedBy, decision, attempts } = ending
  if (servedBy === null || servedBy.cdn === null || decision === null) return
  const continent = pricedAt(admitted)
  const { path } = admitted.target
  const redirected = attempts.length === 0
  const whole = admitted.method === 'GET' && ending.status === 200 && ending.error === null
  if (whole && !redirected) services.sizes.learn(path, ending.bytes)
  const bytes = redirected ? estimate(services, admitted) : ending.bytes
  if (redirected) services.meter.estimated(servedBy.cdnName, continent, bytes)
  const elsewhere = passedOver(decision)
  if (elsewhere.size === 0 || elsewhere.has(servedBy.cdnName)) return
  const price = priceAt(services.world.quote(servedBy), continent)
  for (const cdn of elsewhere) services.meter.overflowed(cdn, bytes, price)
}

/** A tunnel through a Cdn, or its answer to an upgrade: one request, and what came back. */
export function meterTunnel({ meter }: Services, admitted: Admitted, { cdnName }: Endpoint, bytes: number): void {
  const continent = pricedAt(admitted)
  meter.sent(cdnName, continent)
  meter.received(cdnName, continent, bytes)
}

function estimate({ sizes }: Services, { method, target }: Admitted): number {
  return method === 'GET' ? sizes.estimate(target.path) : 0
}
