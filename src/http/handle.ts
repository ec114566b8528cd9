import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ResponseWriter } from '../delivery/writer.ts'
import { PolycdnError } from '../errors.ts'
import { NOTHING_PROVED } from '../proofs/request-proofs.ts'
import { upstreamOf } from './ask.ts'
import { answerFromCache } from './cached/answer-from-cache.ts'
import { enter } from './enter.ts'
import { type Arrival, NOTHING_SENT } from './exchange.ts'
import { HttpsRequired } from './https-redirect.ts'
import { RateLimited } from './rate-limited.ts'
import { record } from './record.ts'
import { refuse } from './refusal.ts'
import { hasContent } from './request-body.ts'
import type { Services } from './services.ts'
import { steer } from './steer.ts'
import { variantWriter, writerFor } from './writer-for.ts'

/**
 * The life of a GET or HEAD: accept → normalise and match → look up in the cache → decide → redirect or deliver → record.
 * This file is the table of contents of the program; each step stands in a file of its own.
 */
export function handle(services: Services, raw: IncomingMessage, response: ServerResponse): void {
  const arrival: Arrival = { raw, startedAt: services.timers.now() }
  const client = writerFor(services, response)
  const admitted = enter(services, raw)
  if (admitted instanceof PolycdnError) return turnAway(services, arrival, client, admitted)
  const { route } = admitted
  const proofs = route.proves
    ? services.proofs.begin(admitted, (endpoint) => upstreamOf(services, admitted, endpoint))
    : NOTHING_PROVED
  if (proofs instanceof PolycdnError) return turnAway(services, arrival, client, proofs)

  const writer = variantWriter(services, admitted, client)
  const exchange = { services, arrival, admitted, proofs, writer, client, own: [] }
  const { cache } = route.policy
  if (cache === null) steer(exchange)
  else answerFromCache(exchange, cache)
}

/** Refuses a request that got no further than the door. */
export function turnAway(services: Services, arrival: Arrival, writer: ResponseWriter, error: PolycdnError): void {
  const { raw } = arrival
  if (error.code === 'unknown_host') {
    const hint = { host: raw.headers.host, hint: 'add this host to the hosts of a site' }
    services.log.throttle('unknown-host', 10_000)?.warn('unknown-host', hint)
  }
  const { code, message } = error
  const limited = error instanceof RateLimited ? error : null
  const fields = limited?.fields ?? (error instanceof HttpsRequired ? error.fields : [])
  const refusal = { code, message, method: raw.method!, records: [], close: hasContent(raw), fields }
  const status = refuse(writer, refusal)
  record(services, arrival, limited?.admitted ?? null, { ...NOTHING_SENT, status, bytes: writer.bytes, error: code })
}
