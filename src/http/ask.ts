import type { Endpoint } from '../config/snapshot.ts'
import { PulledUpstream } from '../delivery/pulled-upstream.ts'
import type { UpstreamRequest } from '../delivery/transport.ts'
import type { Ask, AskedEndpoint } from '../providers/proof.ts'
import { signedTarget } from '../signing/signed-url.ts'
import type { Admitted } from './exchange.ts'
import { applyEdit, hostOf, PROXY_NAME } from './headers.ts'
import { pricedAt } from './metering.ts'
import type { Services } from './services.ts'

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

/** How long a question waits that is not part of an attempt. Milliseconds. */
const PATIENCE = 5000

/** An endpoint as a proof asks it beside the attempt that it serves: for what a name leads to. */
export function upstreamOf({ timers, meter }: Services, admitted: Admitted, endpoint: Endpoint): AskedEndpoint {
  const { transport } = admitted.generation
  const continent = pricedAt(admitted)
  return new PulledUpstream({
    transport,
    endpoint,
    timers,
    timeouts: { connect: PATIENCE, head: PATIENCE, bodyIdle: PATIENCE },
    request: (ask) => {
      meter.sent(endpoint.cdnName, continent)
      return askOf(admitted, endpoint, ask)
    },
    onReceived: (bytes) => meter.received(endpoint.cdnName, continent, bytes),
  })
}
