import type { Endpoint } from '../config/snapshot.ts'
import { plan } from '../providers/index.ts'
import { signedTarget } from '../signing/signed-url.ts'
import type { Admitted } from './exchange.ts'

/** Path and query that the gateway itself asks an endpoint for. `now`: milliseconds since 1970, for signatures. */
export function askedPath(
  { target, host }: Pick<Admitted, 'target' | 'host'>,
  endpoint: Endpoint,
  now: number,
): string {
  const planned = plan(endpoint, target.path) + target.query
  return signedTarget(endpoint, { target: planned, now }, endpoint.hostHeader ?? host.authority)
}
