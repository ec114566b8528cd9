import type { OutlierSettings } from '../config/snapshot.ts'

/** What one process tells the owner of the Board about an endpoint, by its key. Plain JSON. */
export type HealthReport =
  | { readonly kind: 'succeeded'; readonly key: string; readonly count: number }
  /** `ms`: the mean of what several answers took. */
  | { readonly kind: 'answered'; readonly key: string; readonly ms: number }
  | { readonly kind: 'failed'; readonly key: string; readonly settings: OutlierSettings }
  | { readonly kind: 'limited'; readonly key: string; readonly ms: number }
  | { readonly kind: 'corrupt'; readonly key: string }

/** However long an endpoint asks not to be asked again, this is the longest that we obey. Milliseconds. */
export const LONGEST_HOLD = 60_000

/** How long an endpoint that asked for `ms` is left alone. */
export function holdFor(ms: number): number {
  return ms > 0 ? Math.min(ms, LONGEST_HOLD) : 0
}
