import type { Job } from '../delivery/job.ts'
import { decide } from '../steering/decide.ts'
import type { Decision } from '../steering/decision.ts'
import { answerHeaders, interimHeaders, serverTiming } from './answer.ts'
import { askOf } from './ask.ts'
import { askedPath } from './asked-path.ts'
import type { Exchange } from './exchange.ts'
import { upstreamHeaders } from './headers.ts'
import { pricedAt } from './metering.ts'
import { refuse } from './refusal.ts'
import { hasContent } from './request-body.ts'

/**
 * How a request looks to each endpoint, and each answer to the client.
 *
 * @param own what the gateway itself has to say to the client, a flat list
 */
export function jobOf(exchange: Exchange, decision: Decision, own: readonly string[]): Job {
  const { services, admitted, proofs, client } = exchange
  const { provedBytes } = services.metrics
  const { site, route, facts, raw, host, method } = admitted
  const { policy } = route
  // Whoever forces a CDN wants its answer, and nobody else's.
  const usesOrigin = facts.forced === null && (policy.mode === 'origin' || policy.fallback === 'origin')
  return {
    method,
    range: raw.headers.range ?? null,
    decision,
    continent: pricedAt(admitted),
    decideAgain: () => decide(route, facts, services.world, proofs.unfit),
    hedgeable: policy.hedge.enabled && raw.headers.range === undefined,
    origin: usesOrigin ? (site.origin?.endpoints ?? []) : [],
    originTimeout: site.origin?.timeout ?? 0,
    originMaxRequests: site.origin?.maxRequests ?? 0,
    asked: facts,
    contentComplete: site.content.complete,
    proof: (endpoint) => proofs.proof(endpoint),
    proved: (endpoint, bytes) => provedBytes.child(endpoint.cdnName, proofs.kind(endpoint)).inc(bytes),
    ask: (endpoint, ask) => askOf(admitted, endpoint, ask),
    turnBack: (outdated) => proofs.turnBack(outdated),
    request: (endpoint, part) => ({
      method,
      path: askedPath(admitted, endpoint, Date.now()),
      headers: upstreamHeaders(admitted, endpoint, part ?? 'answer'),
      host: host.name,
    }),
    interim: (endpoint, head) => client.interim(head.status, interimHeaders(admitted, endpoint, head)),
    answer: (endpoint, head, ms) =>
      answerHeaders(admitted, endpoint, head, [...serverTiming(endpoint, ms), ...own, ...proofs.fields]),
    refuse: (code, records) => {
      const message = records.length === 0 ? 'no CDN can serve this now' : 'no CDN could deliver this'
      return refuse(client, { code, message, method, records, close: hasContent(raw) })
    },
  }
}
