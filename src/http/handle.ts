import type { IncomingMessage, ServerResponse } from 'node:http'
import { Delivery } from '../delivery/delivery.ts'
import type { Delivered, Job } from '../delivery/job.ts'
import type { ResponseWriter } from '../delivery/writer.ts'
import { PolycdnError } from '../errors.ts'
import type { Metrics } from '../observe/metrics.ts'
import { NOTHING_PROVED, type RequestProofs } from '../proofs/request-proofs.ts'
import { decide } from '../steering/decide.ts'
import type { Decision } from '../steering/decision.ts'
import { answerHeaders, serverTiming } from './answer.ts'
import { askOf, upstreamOf } from './ask.ts'
import { askedPath } from './asked-path.ts'
import { decisionField } from './debug.ts'
import { enter } from './enter.ts'
import type { Admitted, Ending } from './exchange.ts'
import { clientHeaders, upstreamHeaders } from './headers.ts'
import { HttpsRequired } from './https-redirect.ts'
import { pricedAt } from './metering.ts'
import { RateLimited } from './rate-limited.ts'
import { type Arrival, record } from './record.ts'
import { editForRedirect, redirectTo } from './redirect.ts'
import { refuse } from './refusal.ts'
import { hasContent } from './request-body.ts'
import type { Services } from './services.ts'
import { variantWriter, writerFor } from './writer-for.ts'

/**
 * The life of a GET or HEAD: accept → normalise and match → decide → redirect or deliver → record. This file is the
 * table of contents of the program; each step stands in a file of its own.
 */
export function handle(services: Services, raw: IncomingMessage, response: ServerResponse): void {
  const arrival: Arrival = { raw, startedAt: services.timers.now() }
  const writer = writerFor(services, response)
  const admitted = enter(services, raw)
  if (admitted instanceof PolycdnError) return turnAway(services, arrival, writer, admitted)
  const { generation, route, facts } = admitted
  const proofs = route.proves
    ? services.proofs.begin(admitted, (endpoint) => upstreamOf(services, admitted, endpoint))
    : NOTHING_PROVED
  if (proofs instanceof PolycdnError) return turnAway(services, arrival, writer, proofs)

  const decision = decide(route, facts, services.world, proofs.unfit)
  const debug = decisionField(admitted, decision)
  const redirect = redirectTo(admitted, decision, Date.now())
  if (redirect !== null) {
    const { endpoint, reason } = decision.candidates[0]!
    const edits = [endpoint.cdn!.headers.response, decision.policy.headers.response].map(editForRedirect)
    writer.head(redirect.status, clientHeaders(redirect.headers, edits, debug))
    writer.end()
    const firstByteMs = services.timers.now() - arrival.startedAt
    const ending = { ...NOTHING_SENT, status: redirect.status, servedBy: endpoint, reason, decision, firstByteMs }
    return record(services, arrival, admitted, ending)
  }

  const release = generation.transport.lease()
  const { timers, health, budgets, meter, world } = services
  const variant = variantWriter(services, admitted, writer)
  const { random } = world
  const parts = { transport: generation.transport, timers, health, budgets, meter, writer: variant, random }
  const decideAgain = () => decide(route, facts, world, proofs.unfit)
  const job = jobOf(admitted, decision, {
    writer,
    proofs,
    own: [...debug, ...proofs.fields],
    metrics: services.metrics,
    decideAgain,
  })
  new Delivery(job, parts, (delivered) => {
    release()
    variant.whenHandedOver(() => {
      record(services, arrival, admitted, endingOf(arrival, decision, writer, delivered))
    })
  }).start()
}

const NOTHING_SENT: Ending = {
  status: 0,
  bytes: 0,
  firstByteMs: null,
  servedBy: null,
  reason: null,
  decision: null,
  attempts: [],
  resumes: [],
  error: null,
  aborted: false,
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

/** How this request looks to each endpoint, and each answer to the client. */
function jobOf(admitted: Admitted, decision: Decision, output: Output): Job {
  const { writer, proofs, own, decideAgain } = output
  const { provedBytes } = output.metrics
  const { site, route, facts, raw, host, method } = admitted
  const { policy } = route
  // Whoever forces a CDN wants its answer, and nobody else's.
  const usesOrigin = facts.forced === null && (policy.mode === 'origin' || policy.fallback === 'origin')
  return {
    method,
    range: raw.headers.range ?? null,
    decision,
    continent: pricedAt(admitted),
    decideAgain,
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
    answer: (endpoint, head, ms) => answerHeaders(admitted, endpoint, head, [...serverTiming(endpoint, ms), ...own]),
    refuse: (code, records) => {
      const message = records.length === 0 ? 'no CDN can serve this now' : 'no CDN could deliver this'
      return refuse(writer, { code, message, method, records, close: hasContent(raw) })
    },
  }
}

interface Output {
  readonly writer: ResponseWriter
  readonly proofs: RequestProofs
  readonly metrics: Metrics
  /** What the gateway itself has to say, a flat list. */
  readonly own: readonly string[]
  decideAgain(): Decision
}

function endingOf(arrival: Arrival, decision: Decision, writer: ResponseWriter, delivered: Delivered): Ending {
  const { records: attempts, firstByteAt, ...rest } = delivered
  const firstByteMs = firstByteAt === null ? null : firstByteAt - arrival.startedAt
  return { ...rest, bytes: writer.bytes, firstByteMs, decision, attempts }
}
