import type { OutlierSettings } from '../config/snapshot.ts'

/** What an endpoint's answers to requests say about it. Times are milliseconds of one monotonic clock. */
export interface OutlierState {
  /** Failures since the last success. */
  readonly consecutive: number
  /** Ejections in a row: each adds `base_ejection` to the length of the next. */
  readonly ejections: number
  /** 0 where it never was ejected. */
  readonly ejectedUntil: number
}

export const INNOCENT: OutlierState = { consecutive: 0, ejections: 0, ejectedUntil: 0 }

const JITTER = 0.1

export function isEjected(state: OutlierState, now: number): boolean {
  return now < state.ejectedUntil
}

/** A success clears the count; the number of ejections is remembered until an endpoint behaved for long enough. */
export function afterSuccess(state: OutlierState): OutlierState {
  return state.consecutive === 0 ? state : { ...state, consecutive: 0 }
}

/**
 * A failure counts; the one that reaches `consecutive_failures` ejects for `base_ejection` times the ejections in a
 * row, at most `max_ejection`, ±10 % so that gateways do not return in step. Failures of requests that were under way
 * when it was ejected do not lengthen it.
 *
 * @param random uniform in [0, 1)
 */
export function afterFailure(
  state: OutlierState,
  settings: OutlierSettings,
  now: number,
  random: number,
): OutlierState {
  if (isEjected(state, now)) return state
  const consecutive = state.consecutive + 1
  if (consecutive < settings.consecutiveFailures) return { ...state, consecutive }
  const forgiven = now - state.ejectedUntil > settings.maxEjection
  const ejections = (forgiven ? 0 : state.ejections) + 1
  const length = Math.min(settings.baseEjection * ejections, settings.maxEjection)
  return { consecutive: 0, ejections, ejectedUntil: now + length * (1 - JITTER + 2 * JITTER * random) }
}

/** An active check succeeded: the ejection ends now. */
export function afterReturn(state: OutlierState, now: number): OutlierState {
  return { consecutive: 0, ejections: state.ejections, ejectedUntil: Math.min(state.ejectedUntil, now) }
}
