/** Every reason that the first candidate of a Decision may have; and `origin`. */
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

/** Every reason for which an endpoint of the policy is no candidate. */
export const REJECTION_REASONS = [
  'drained',
  'cannot-serve',
  'unverifiable',
  'absent',
  'corrupt',
  'unhealthy',
  'circuit-open',
  'over-capacity',
  'ejected',
  'commit-reached',
] as const

/** Why a candidate stands where it stands, or why it served: `failover-error`, after others had failed. */
export type Reason = (typeof REASONS)[number] | 'failover-error'

export type RejectionReason = (typeof REJECTION_REASONS)[number]
