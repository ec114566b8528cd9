import type { Standing } from '../steering/world.ts'

/** What every process knows of an endpoint. Times are milliseconds of the process's monotonic clock; −Infinity: never. */
export interface Marks {
  /** By active checks. */
  readonly unhealthy: boolean
  /** When the checks last found it well again. */
  readonly recoveredAt: number
  readonly ejectedUntil: number
  readonly corruptUntil: number
  /** It asked not to be asked again before. */
  readonly heldUntil: number
}

const NEVER = Number.NEGATIVE_INFINITY

export const UNMARKED: Marks = {
  unhealthy: false,
  recoveredAt: NEVER,
  ejectedUntil: NEVER,
  corruptUntil: NEVER,
  heldUntil: NEVER,
}

/** What is wrong with an endpoint itself, whoever asks. */
export type Condition = 'healthy' | 'unhealthy' | 'ejected' | 'corrupt'

export function conditionOf(marks: Marks, now: number): Condition {
  if (now < marks.corruptUntil) return 'corrupt'
  if (marks.unhealthy) return 'unhealthy'
  return now < marks.ejectedUntil ? 'ejected' : 'healthy'
}

/**
 * Busy comes before ejected: the last ejected endpoint of a policy is asked all the same, but not beyond its breaker
 * and not before the time that it named.
 *
 * @param full as many requests wait for it as may
 */
export function standingOf(marks: Marks, now: number, full: boolean): Standing {
  const condition = conditionOf(marks, now)
  if (condition === 'corrupt' || condition === 'unhealthy') return condition
  if (full) return 'circuit-open'
  return now < marks.heldUntil ? 'over-capacity' : condition
}

/** The least share of an endpoint that came back: without any requests nobody would learn how it is. */
const LEAST = 0.1

/** The share of its requests that an endpoint may have: it grows over `slowStart` milliseconds after it came back. */
export function rampOf(marks: Marks, now: number, slowStart: number): number {
  const since = now - Math.max(marks.recoveredAt, marks.ejectedUntil, marks.corruptUntil)
  if (since < 0 || since >= slowStart) return 1
  return Math.max(LEAST, since / slowStart)
}
