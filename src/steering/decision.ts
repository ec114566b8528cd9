import type { Endpoint, Policy } from '../config/snapshot.ts'
import type { Reason, RejectionReason } from './reasons.ts'

/** An endpoint that may serve, at its rank. */
export interface Candidate {
  readonly endpoint: Endpoint
  readonly reason: Reason
  /** Distance in kilometres with the bias applied; null when nothing could be measured. */
  readonly km: number | null
  /** Milliseconds to the head of its answer that a strategy expected. Absent where it did not ask. */
  readonly ms?: number
  /** 0…1, below 1: the share of its requests that it may have while it starts slowly. Absent otherwise. */
  readonly ramp?: number
  /** What a GB costs there now, where prices ranked it. */
  readonly price?: number
  /** Its commit does not pay for this: it would have been chosen otherwise. */
  readonly commitReached?: boolean
}

/** The weight of its Cdn; what has none weighs 1. */
export function weightOf({ endpoint }: Candidate): number {
  return endpoint.cdn?.weight ?? 1
}

export interface Rejection {
  readonly endpoint: Endpoint
  readonly reason: RejectionReason
}

/** What was decided for one request, and why: the object that explain, the decision header, the log and metrics show. */
export interface Decision {
  readonly policy: Policy
  /** Whose place distances were measured from; `nowhere` when it is unknown. */
  readonly measuredFrom: 'client' | 'gateway' | 'nowhere'
  /** Best first. */
  readonly candidates: readonly Candidate[]
  readonly rejected: readonly Rejection[]
}

/** The Decision as plain JSON. Contains names, URLs and reasons; nothing secret. */
export function describeDecision(decision: Decision): object {
  return {
    policy: decision.policy.name,
    mode: decision.policy.mode,
    strategy: decision.policy.strategy,
    measured_from: decision.measuredFrom,
    candidates: decision.candidates.map(({ endpoint, reason, km, ms, ramp, price }) => ({
      cdn: endpoint.cdnName,
      url: endpoint.url,
      reason,
      km: km === null ? null : Math.round(km),
      ...(ms === undefined ? {} : { ms: Math.round(ms) }),
      ...(price === undefined ? {} : { price: Math.round(price * 1e6) / 1e6 }),
      ...(ramp === undefined ? {} : { ramp: Math.round(ramp * 100) / 100 }),
    })),
    rejected: decision.rejected.map(({ endpoint, reason }) => ({ cdn: endpoint.cdnName, url: endpoint.url, reason })),
  }
}
