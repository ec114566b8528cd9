import type { OutlierSettings } from '../config/snapshot.ts'

/** What an endpoint's answers to requests say about it. Times are milliseconds of one monotonic clock. */
export interface OutlierState {
  /** Failures since the last success. */
  readonly consecutive: number
  /** Ejections in a row: each adds `base_ejection` to the length of the next. */
  readonly ejections: number
  /** −Infinity where it never was ejected. */
  readonly ejectedUntil: number
  /** −Infinity where its bytes never contradicted a proof. */
  readonly corruptUntil: number
}

/** A failure, and what it is judged by. */
export interface Failure {
  readonly settings: OutlierSettings
  readonly now: number
  /** Uniform in [0, 1). */
  readonly random: number
  /** The requests of the last `interval`, this one included. */
  readonly recent: { readonly requests: number; readonly failures: number }
}

export const INNOCENT: OutlierState = {
  consecutive: 0,
  ejections: 0,
  ejectedUntil: Number.NEGATIVE_INFINITY,
  corruptUntil: Number.NEGATIVE_INFINITY,
}

const JITTER = 0.1
/** How long bytes that contradict a proof keep an endpoint out. */
const CORRUPT = 6 * 3_600_000

export function isEjected(state: OutlierState, now: number): boolean {
  return now < state.ejectedUntil
}

/** A success clears the count; the number of ejections is remembered until an endpoint behaved for long enough. */
export function afterSuccess(state: OutlierState): OutlierState {
  return state.consecutive === 0 ? state : { ...state, consecutive: 0 }
}

/**
 * A failure counts; the one that reaches `consecutive_failures`, or `failure_percent` of at least `min_requests`, ejects
 * for `base_ejection` times the ejections in a row, at most `max_ejection`, ±10 % so that gateways do not return in
 * step. Failures of requests that were under way when it was ejected do not lengthen it.
 */
export function afterFailure(state: OutlierState, failure: Failure): OutlierState {
  const { settings, now, random } = failure
  if (isEjected(state, now)) return state
  const consecutive = state.consecutive + 1
  if (consecutive < settings.consecutiveFailures && !failsTooOften(failure)) return { ...state, consecutive }
  const forgiven = now - state.ejectedUntil > settings.maxEjection
  const ejections = (forgiven ? 0 : state.ejections) + 1
  const length = Math.min(settings.baseEjection * ejections, settings.maxEjection)
  return { ...state, consecutive: 0, ejections, ejectedUntil: now + length * (1 - JITTER + 2 * JITTER * random) }
}

function failsTooOften({ settings, recent }: Failure): boolean {
  if (settings.failurePercent === 0 || recent.requests < settings.minRequests) return false
  return 100 * recent.failures >= settings.failurePercent * recent.requests
}

/** An active check succeeded: the ejection ends now. */
export function afterReturn(state: OutlierState, now: number): OutlierState {
  return { ...state, consecutive: 0, ejectedUntil: Math.min(state.ejectedUntil, now) }
}

/** Its bytes contradicted a proof: out for six hours, which only time ends. */
export function afterCorruption(state: OutlierState, now: number): OutlierState {
  return { ...state, consecutive: 0, corruptUntil: now + CORRUPT }
}
