import type { Endpoint } from '../config/snapshot.ts'
import type { ErrorCode } from '../errors.ts'

/**
 * How one Attempt ended. `sent` says whether the request may have reached the endpoint; `refused` is an answer that
 * tells nothing about the endpoint's health, a bot challenge or a rate limit; `aborted` was not wanted any more.
 */
export type Outcome =
  | { readonly kind: 'served'; readonly status: number }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly status: number; readonly sent: true }
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

/** The HTTP status an attempt was answered with, or null. */
export function statusOf(outcome: Outcome): number | null {
  return outcome.kind === 'aborted' ? null : outcome.status
}

/** Why an attempt was not the last, or null. */
export function codeOf(outcome: Outcome): ErrorCode | null {
  return outcome.kind === 'failed' || outcome.kind === 'refused' ? outcome.code : null
}
