import type { Reason, RejectionReason } from './decision.ts'

/** Every reason that the first candidate of a Decision may have, for what people write; and `origin`. */
export const REASONS = [
  'proximity',
  'latency',
  'weight',
  'failover',
  'hash',
  'cost',
  'commit-burst',
  'affinity',
  'override',
  'panic',
  'no-geo-default',
  'tie-break',
  'origin',
  'failover-unhealthy',
] as const

/** Every reason for which an endpoint is no candidate. */
export const REJECTION_REASONS = [
  'drained',
  'unhealthy',
  'ejected',
  'corrupt',
  'circuit-open',
  'over-capacity',
  'commit-reached',
  'cannot-serve',
  'unverifiable',
  'absent',
  'already-tried',
  'lower-priority',
  'retry-budget',
] as const

type Missing =
  | Exclude<Reason, (typeof REASONS)[number] | 'failover-error'>
  | Exclude<RejectionReason, (typeof REJECTION_REASONS)[number]>

/** Does not compile when a reason of the Decision is missing above. */
export const COMPLETE: [Missing] extends [never] ? true : Missing = true
