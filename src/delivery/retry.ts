import type { Endpoint, RetryOn, RetrySettings } from '../config/snapshot.ts'
import type { ErrorCode } from '../errors.ts'
import type { Candidate, Decision, Rejection } from '../steering/decision.ts'
import { type AttemptRecord, codeOf, type Outcome } from './outcome.ts'

/**
 * What to do next for a request that has no answer yet. `timeout` is milliseconds to the response headers, `delay`
 * milliseconds to wait before; a `paid` attempt needs the budget's consent.
 */
export type Step =
  | {
      readonly kind: 'attempt'
      readonly candidate: Candidate
      readonly timeout: number
      readonly delay: number
      readonly paid: boolean
    }
  | { readonly kind: 'origin'; readonly endpoint: Endpoint; readonly timeout: number }
  | { readonly kind: 'fail'; readonly code: ErrorCode }

/** What the next step depends on. `elapsed` is milliseconds since the first attempt began. */
export interface Progress {
  readonly decision: Decision
  /** Of this request, since the client last got something. */
  readonly records: readonly AttemptRecord[]
  readonly elapsed: number
  /** The endpoints of the origin that may be asked last; empty where the policy has no fallback. */
  readonly origin: readonly Endpoint[]
  readonly originTimeout: number
  /** A proved absence is final. */
  readonly contentComplete: boolean
  /** The provider of whoever began the body: only the same kind of network may have it under the same proof. */
  readonly network: string | null
  /** The budget is spent: no attempt that is not free. */
  readonly broke: boolean
  /** Uniform in [0, 1). */
  random(): number
}

/** Milliseconds: what the first further try at the same endpoint waits at the most, and what any does. */
const FIRST_DELAY = 25
const MAX_DELAY = 250

/**
 * The next candidate, then the origin, then a failure. What was already tried comes in as data, so nothing here
 * remembers anything. Distinct CDNs come first, then distinct endpoints, then the same ones again after a moment,
 * unless waiting for them was the failure.
 */
export function nextStep(progress: Progress): Step {
  const { decision, records } = progress
  const last = records.at(-1)
  const absent = last === undefined ? decision.rejected.some(isAbsent) : last.outcome.kind === 'absent'
  if (absent && progress.contentComplete) return { kind: 'fail', code: 'content_absent' }
  if (last !== undefined && !mayRetry(last.outcome, decision.policy.retry)) {
    return { kind: 'fail', code: failureCode(records) }
  }
  const attempt = nextAttempt(progress)
  if (attempt !== null && !(attempt.paid && progress.broke)) return attempt
  const endpoint = progress.origin.find((origin) => !wasTried(origin, records))
  if (endpoint !== undefined) return { kind: 'origin', endpoint, timeout: progress.originTimeout }
  const nowhere = records.length === 0 && decision.rejected.length > 0 && decision.rejected.every(isAbsent)
  return { kind: 'fail', code: nowhere ? 'content_absent' : failureCode(records) }
}

function nextAttempt(progress: Progress): (Step & { readonly kind: 'attempt' }) | null {
  const { decision, records, elapsed, random } = progress
  const { retry } = decision.policy
  const remaining = retry.timeout - elapsed
  const tries = records.filter(({ endpoint }) => endpoint.cdn !== null).length
  if (tries >= retry.attempts || remaining <= 0) return null
  const untried = untriedCandidates(progress)
  const fresh = untried[0]
  if (fresh !== undefined) {
    const isLast = tries + 1 === retry.attempts || untried.length === 1
    const timeout = isLast ? remaining : Math.min(retry.perTryTimeout, remaining)
    return { kind: 'attempt', candidate: fresh, timeout, delay: 0, paid: tries > 1 || fresh.reason === 'panic' }
  }
  const again = decision.candidates.find(({ endpoint, reason }) => reason !== 'panic' && mayTryAgain(endpoint, records))
  if (again === undefined) return null
  const before = records.filter(({ endpoint }) => endpoint.key === again.endpoint.key).length
  const delay = random() * Math.min(FIRST_DELAY * 2 ** (before - 1), MAX_DELAY)
  return { kind: 'attempt', candidate: again, timeout: Math.max(remaining - delay, 0), delay, paid: true }
}

/** Where a second attempt may start beside one that is slow: at a healthy candidate that nobody has tried. */
export function hedgeCandidate(decision: Decision, tried: readonly Endpoint[]): Candidate | null {
  const fresh = decision.candidates.filter(({ endpoint, reason }) => !tried.includes(endpoint) && reason !== 'panic')
  const cdns = new Set(tried.map(({ cdnName }) => cdnName))
  return fresh.find(({ endpoint }) => !cdns.has(endpoint.cdnName)) ?? fresh[0] ?? null
}

/** Whether the policy moves on after such an Outcome. */
export function mayRetry(outcome: Outcome, retry: RetrySettings): boolean {
  if (outcome.kind === 'absent') return true
  if (outcome.kind === 'corrupt') return retry.on.has('corrupt')
  if (outcome.kind === 'refused') return outcome.code === 'challenged' || retry.onStatus.has(outcome.status)
  if (outcome.kind !== 'failed') return false
  if (ELSEWHERE.has(outcome.code)) return true
  if (outcome.status !== null) return retry.onStatus.has(outcome.status)
  const condition = RETRY_CONDITIONS[outcome.code]
  return condition !== undefined && retry.on.has(condition)
}

const RETRY_CONDITIONS: Partial<Record<ErrorCode, RetryOn>> = {
  dns_error: 'connect-failure',
  connection_refused: 'connect-failure',
  connection_timeout: 'connect-failure',
  destination_unavailable: 'connect-failure',
  destination_ip_prohibited: 'connect-failure',
  tls_certificate_error: 'connect-failure',
  tls_protocol_error: 'connect-failure',
  connection_terminated: 'reset',
  http_response_incomplete: 'reset',
  http_protocol_error: 'reset',
  http_response_timeout: 'response-timeout',
}

/** What says something about this endpoint and this object alone: the next one is asked in any case. */
const ELSEWHERE: ReadonlySet<ErrorCode> = new Set([
  'resume_mismatch',
  'content_mismatch',
  'content_outdated',
  'content_unproved',
  'content_blocked',
  'content_not_found',
  'content_too_large',
  'content_unavailable',
])

/** What a moment later may be different at the same endpoint. Waiting as long once more is not worth it. */
const PASSING: ReadonlySet<ErrorCode> = new Set([
  'connection_refused',
  'connection_terminated',
  'destination_unavailable',
  'http_response_incomplete',
  'http_response_status',
])

function mayTryAgain(endpoint: Endpoint, records: readonly AttemptRecord[]): boolean {
  const last = records.findLast((record) => record.endpoint.key === endpoint.key)?.outcome
  return last?.kind === 'failed' && PASSING.has(last.code)
}

function wasTried(endpoint: Endpoint, records: readonly AttemptRecord[]): boolean {
  return records.some((record) => record.endpoint.key === endpoint.key)
}

function untriedCandidates({ decision, records, network }: Progress): readonly Candidate[] {
  if (records.length === 0) return decision.candidates
  const untried = decision.candidates.filter(({ endpoint }) => !wasTried(endpoint, records))
  const triedCdns = new Set(records.map(({ endpoint }) => endpoint.cdnName))
  const rank = ({ endpoint: { cdn, cdnName } }: Candidate) =>
    (network !== null && cdn?.provider !== network ? 2 : 0) + (triedCdns.has(cdnName) ? 1 : 0)
  return untried.toSorted((a, b) => rank(a) - rank(b))
}

/** Its network proved of late that it has no such thing. */
function isAbsent({ reason }: Rejection): boolean {
  return reason === 'absent'
}

/** 503 when nothing could be tried, 504 when the last failure was a wait, else 502; 404 only when nobody has it. */
function failureCode(records: readonly AttemptRecord[]): ErrorCode {
  const codes = records.map(({ outcome }) => codeOf(outcome)).filter((code) => code !== null)
  return codes.findLast((code) => code !== 'content_absent') ?? codes.at(-1) ?? 'destination_unavailable'
}
