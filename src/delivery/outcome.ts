import type { Endpoint } from '../config/snapshot.ts'
import type { ErrorCode } from '../errors.ts'

/**
 * How one Attempt ended. `sent` says whether the request may have reached the endpoint; `refused` is an answer that
 * tells nothing about the endpoint's health, a bot challenge or a rate limit; `absent` is proved; `corrupt` contradicts a
 * proof; `aborted` was not wanted any more.
 */
export type Outcome =
  | { readonly kind: 'served'; readonly status: number }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly status: number; readonly sent: true }
  | { readonly kind: 'absent'; readonly code: 'content_absent'; readonly status: null; readonly sent: true }
  | { readonly kind: 'corrupt'; readonly code: 'content_corrupt'; readonly status: null; readonly sent: true }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly status: number | null; readonly sent: boolean }
  | { readonly kind: 'aborted' }

/** One try at one Endpoint, as the log and the metrics show it. */
export interface AttemptRecord {
  readonly endpoint: Endpoint
  readonly outcome: Outcome
  /** Milliseconds from its start to its response headers, or to its end where none came. */
  readonly ms: number
  /** Redirects that were followed; absent: none could be. */
  readonly hops?: number
}

/** What a failure with this code comes to. `status` is that of the answer, where there was one. */
export function failureOf(code: ErrorCode, status: number | null, sent: boolean): Outcome {
  if (code === 'content_absent') return { kind: 'absent', code, status: null, sent: true }
  if (code === 'content_corrupt') return { kind: 'corrupt', code, status: null, sent: true }
  return { kind: 'failed', code, status, sent }
}

/** The HTTP status an attempt was answered with, or null. */
export function statusOf(outcome: Outcome): number | null {
  return outcome.kind === 'aborted' ? null : outcome.status
}

/** Why an attempt was not the last, or null. */
export function codeOf(outcome: Outcome): ErrorCode | null {
  return outcome.kind === 'served' || outcome.kind === 'aborted' ? null : outcome.code
}
