import type { LogSettings } from '../config/snapshot.ts'
import type { AttemptRecord } from '../delivery/outcome.ts'
import { codeOf, statusOf } from '../delivery/outcome.ts'
import { type Address, parseAddress, truncateAddress } from '../geo/address.ts'
import { codeClass } from '../observe/code-class.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { Decision } from '../steering/decision.ts'
import { headerText } from './admit.ts'
import type { Admitted, Arrival, CacheResult, Ending, Exchange } from './exchange.ts'
import { meterEnding } from './metering.ts'
import type { Services } from './services.ts'

/** Nobody's site: a client may invent hosts. */
const OTHER = '_other'

/** Tells metrics and the access log how a request ended; the last thing that happens to it. */
export function record(services: Services, arrival: Arrival, admitted: Admitted | null, ending: Ending): void {
  recordEnded(services, { ...arrival, endedAt: services.timers.now() }, admitted, ending)
}

/** The same of what ended at a time that is known already. */
export function recordEnded(
  services: Services,
  arrival: Arrival & { readonly endedAt: number },
  admitted: Admitted | null,
  ending: Ending,
): void {
  const ms = arrival.endedAt - arrival.startedAt
  count(services.metrics, admitted?.site.name ?? OTHER, ending, ms)
  if (admitted !== null) meterEnding(services, admitted, ending)
  const { log } = (admitted?.generation ?? services.current()).snapshot
  if (log.access) services.accessLog.write(accessRecord(arrival, admitted, ending, { ms, log }))
}

/** The same of an answer, once all of it is handed over: what compresses it may have to say more. */
export function recordAnswer(exchange: Exchange, ending: Omit<Ending, 'bytes'>): void {
  const { services, arrival, admitted, writer } = exchange
  writer.whenHandedOver(() => record(services, arrival, admitted, { ...ending, bytes: writer.bytes }))
}

/** What came was no request that could be understood any further. */
export function recordUnreadable({ metrics, log }: Pick<Services, 'metrics' | 'log'>, status: number): void {
  metrics.requests.child(OTHER, 'none', codeClass(status)).inc()
  log.throttle('unreadable-request', 10_000)?.info('unreadable-request', { status })
}

function count(metrics: Metrics, site: string, ending: Ending, ms: number): void {
  const cdn = ending.servedBy?.cdnName ?? 'none'
  metrics.requests.child(site, cdn, codeClass(ending.status)).inc()
  // How long a tunnel was open says nothing about how fast anything was.
  if (ending.status !== 101) metrics.requestDuration.child(site).observe(ms / 1000)
  if (ending.firstByteMs !== null) metrics.firstByte.child(site, cdn).observe(ending.firstByteMs / 1000)
  if (ending.bytes > 0) metrics.responseBytes.child(site, cdn).inc(ending.bytes)
  if (ending.aborted) metrics.abortedResponses.child(site, cdn).inc()
  if (ending.cache !== null) countCache(metrics, site, ending.cache, ending.bytes)
  countAsking(metrics, ending)
}

/** What was asked for an answer, whether a client waited for it or not. */
export function countAsking(metrics: Metrics, asking: Pick<Ending, 'decision' | 'attempts' | 'resumes'>): void {
  if (asking.decision !== null) countDecision(metrics, asking.decision)
  for (const { from, to, result } of asking.resumes) metrics.resumes.child(from.cdnName, to.cdnName, result).inc()
  asking.attempts.forEach((attempt, at) => {
    const { cdnName } = attempt.endpoint
    metrics.attempts.child(cdnName, attempt.outcome.kind).inc()
    const code = codeOf(attempt.outcome)
    if (code?.startsWith('content_')) metrics.unprovedAttempts.child(cdnName, code).inc()
    metrics.attemptDuration.child(cdnName).observe(attempt.ms / 1000)
    const next = asking.attempts[at + 1]
    if (next !== undefined) metrics.failovers.child(cdnName, next.endpoint.cdnName, failureOf(attempt)).inc()
  })
}

function countCache(metrics: Metrics, site: string, result: CacheResult, bytes: number): void {
  metrics.cacheRequests.child(site, result).inc()
  if (bytes > 0 && SAVES.has(result)) metrics.cacheSavedBytes.child(site).inc(bytes)
}

/** Answers that no upstream sent for this client. */
const SAVES: ReadonlySet<CacheResult> = new Set(['hit', 'stale', 'revalidated', 'collapsed'])

function countDecision({ decisions, rejections }: Metrics, { policy, candidates, rejected }: Decision): void {
  if (candidates.length > 0) decisions.child(policy.name, candidates[0]!.reason).inc()
  for (const { endpoint, reason } of rejected) rejections.child(policy.name, endpoint.cdnName, reason).inc()
}

function failureOf({ outcome }: AttemptRecord): string {
  return codeOf(outcome) ?? outcome.kind
}

function accessRecord(
  { raw }: Arrival,
  admitted: Admitted | null,
  ending: Ending,
  { ms, log }: { ms: number; log: LogSettings },
) {
  const client = admitted?.client ?? parseAddress(raw.socket.remoteAddress ?? '')
  return {
    time: Date.now() - ms,
    site: admitted?.site.name ?? null,
    route: admitted?.route.name ?? null,
    client: client === null ? null : shownAddress(client, log),
    method: raw.method!,
    host: admitted?.host.name ?? withoutUser(headerText(raw, 'host') ?? ''),
    path: admitted?.target.path ?? sentPath(raw.url!),
    protocol: `HTTP/${raw.httpVersion}`,
    status: ending.status,
    bytes: ending.bytes,
    duration_ms: ms,
    ttfb_ms: ending.firstByteMs,
    cdn: ending.servedBy?.cdnName ?? null,
    endpoint: ending.servedBy?.url ?? null,
    reason: ending.reason,
    attempts: ending.attempts.map((attempt) => ({
      cdn: attempt.endpoint.cdnName,
      endpoint: attempt.endpoint.url,
      outcome: attempt.outcome.kind,
      code: codeOf(attempt.outcome),
      status: statusOf(attempt.outcome),
      ms: attempt.ms,
      hops: attempt.hops ?? 0,
    })),
    cache: ending.cache,
    error: ending.error,
    user_agent: headerText(raw, 'user-agent'),
    aborted: ending.aborted,
  }
}

/** Of a target that was refused: no query, and nothing that stands before an @, which may be a password. */
function sentPath(target: string): string {
  const path = target.split('?', 1)[0]!
  return path.startsWith('/') ? path : withoutUser(path)
}

function withoutUser(authority: string): string {
  const at = authority.lastIndexOf('@')
  return at === -1 ? authority : `…${authority.slice(at)}`
}

/** An address as the log may show it. */
function shownAddress(address: Address, { clientIp }: LogSettings): string | null {
  if (clientIp === 'none') return null
  if (clientIp === 'full') return address.text
  let network = NETWORKS.get(address)
  if (network === undefined) {
    network = truncateAddress(address, 24, 48)
    NETWORKS.set(address, network)
  }
  return network
}

/** A connection keeps its address for all of its requests. */
const NETWORKS = new WeakMap<Address, string>()
