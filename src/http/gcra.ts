/** One request in so many milliseconds, and so many beyond that at once. */
export interface Pace {
  readonly interval: number
  readonly burst: number
}

/** Sums of intervals are not exact. */
const EPSILON = 1e-6

/**
 * The generic cell rate algorithm (ITU-T I.371): a token bucket whose whole state is one time, the one at which a client
 * that keeps to its pace would send next. 0 for a client that nobody knows. Bounded, because a reload may have brought
 * a faster pace than the one that the state comes from.
 */
export function dueAt(state: number, now: number, { interval, burst }: Pace): number {
  return Math.min(Math.max(state, now), now + (burst + 1) * interval)
}

/** Milliseconds until a request may come, and the next state is `due`; 0: it may, and that is one interval later. */
export function waitFor(due: number, now: number, { interval, burst }: Pace): number {
  const early = due - now - burst * interval
  return early > interval * EPSILON ? early : 0
}
