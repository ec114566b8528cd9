import type { Endpoint, RetryOn, RetrySettings } from '../config/snapshot.ts'
import type { ErrorCode } from '../errors.ts'
import type { Candidate, Decision } from '../steering/decision.ts'
import type { AttemptRecord, Outcome } from './outcome.ts'

/** What to do next for a request that has no answer yet. `timeout` is milliseconds to the response headers. */
export type Step =
  | { readonly kind: 'attempt'; readonly candidate: Candidate; readonly timeout: number }
  | { readonly kind: 'origin'; readonly endpoint: Endpoint; readonly timeout: number }
  | { readonly kind: 'fail'; readonly code: ErrorCode }

/** What the next step depends on. `elapsed` is milliseconds since the first attempt began. */
export interface Progress {
  readonly decision: Decision
  readonly records: readonly AttemptRecord[]
  readonly elapsed: number
  /** The endpoints of the origin that may be asked last; empty where the policy has no fallback. */
  readonly origin: readonly Endpoint[]
  readonly originTimeout: number
}

/**
 * The next candidate, then the origin, then a failure. What was already tried comes in as data, so nothing here
 * remembers anything. Distinct CDNs come first; no endpoint is tried twice.
 */
export function nextStep(progress: Progress): Step {
  const { decision, records, elapsed } = progress
  const { retry } = decision.policy
  const last = records.at(-1)
  if (last !== undefined && !mayRetry(last.outcome, retry)) return { kind: 'fail', code: failureCode(records) }

  const remaining = retry.timeout - elapsed
  const tries = records.filter(({ endpoint }) => endpoint.cdn !== null).length
  if (tries < retry.attempts && remaining > 0) {
    const untried = untriedCandidates(decision, records)
    const candidate = untried[0]
    const isLast = tries + 1 === retry.attempts || untried.length === 1
    if (candidate !== undefined) {
      return { kind: 'attempt', candidate, timeout: isLast ? remaining : Math.min(retry.perTryTimeout, remaining) }
    }
  }
  const endpoint = progress.origin.find((origin) => !wasTried(origin, records))
  if (endpoint !== undefined) return { kind: 'origin', endpoint, timeout: progress.originTimeout }
  return { kind: 'fail', code: failureCode(records) }
}

/** Whether an answer with this status is final, or worth another Endpoint where there is one. */
export function isRetriedStatus(status: number, retry: RetrySettings): boolean {
  return retry.onStatus.has(status)
}

/** Whether the policy moves on after such an Outcome. */
export function mayRetry(outcome: Outcome, retry: RetrySettings): boolean {
  if (outcome.kind !== 'failed') return false
  if (outcome.status !== null) return isRetriedStatus(outcome.status, retry)
  const condition = RETRY_CONDITIONS[outcome.code]
  return condition !== undefined && retry.on.has(condition)
}

const RETRY_CONDITIONS: Partial<Record<ErrorCode, RetryOn>> = {
  dns_error: 'connect-failure',
  connection_refused: 'connect-failure',
  connection_timeout: 'connect-failure',
  destination_unavailable: 'connect-failure',
  tls_certificate_error: 'connect-failure',
  tls_protocol_error: 'connect-failure',
  connection_terminated: 'reset',
  http_response_incomplete: 'reset',
  http_protocol_error: 'reset',
  http_response_timeout: 'response-timeout',
}

function wasTried(endpoint: Endpoint, records: readonly AttemptRecord[]): boolean {
  return records.some((record) => record.endpoint === endpoint)
}

function untriedCandidates(decision: Decision, records: readonly AttemptRecord[]): readonly Candidate[] {
  if (records.length === 0) return decision.candidates
  const untried = decision.candidates.filter(({ endpoint }) => !wasTried(endpoint, records))
  const triedCdns = new Set(records.map(({ endpoint }) => endpoint.cdnName))
  const fresh = untried.filter(({ endpoint }) => !triedCdns.has(endpoint.cdnName))
  const again = untried.filter(({ endpoint }) => triedCdns.has(endpoint.cdnName))
  return [...fresh, ...again]
}

/** 503 when nothing could be tried, 504 when the last failure was a wait, else 502. */
function failureCode(records: readonly AttemptRecord[]): ErrorCode {
  const last = records.at(-1)?.outcome
  return last?.kind === 'failed' ? last.code : 'destination_unavailable'
}
