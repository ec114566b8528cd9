import type { Endpoint } from '../config/snapshot.ts'
import type { UpstreamRequest } from '../delivery/transport.ts'
import type { Ask } from '../providers/proof.ts'
import { signedTarget } from '../signing/signed-url.ts'
import type { Admitted } from './exchange.ts'
import { applyEdit, hostOf, PROXY_NAME } from './headers.ts'

/**
 * How an endpoint is asked for bytes that are proved. It learns nothing of the client: no cookie, no address, no referrer,
 * not even what browser that is. What the configuration sets, it is sent.
 */
export function askOf({ host, route, generation }: Admitted, endpoint: Endpoint, ask: Ask): UpstreamRequest {
  // A coding would be proved only by whoever decodes it.
  const headers = ['host', endpoint.hostHeader ?? (host.authority || hostOf(endpoint)), 'accept-encoding', 'identity']
  headers.push('accept', ask.accept ?? '*/*')
  if (ask.range !== undefined) headers.push('range', ask.range)
  applyEdit(headers, route.policy.headers.request)
  if (endpoint.cdn !== null) applyEdit(headers, endpoint.cdn.headers.request)
  headers.push('via', `1.1 ${PROXY_NAME}`, 'cdn-loop', generation.loopId)
  const target = endpoint.basePath + ask.path
  const path = signedTarget(endpoint, { target, now: Date.now() }, endpoint.hostHeader ?? host.authority)
  return { method: 'GET', path, headers, host: host.name }
}
