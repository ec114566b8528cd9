import type { Endpoint } from '../config/snapshot.ts'
import type { ErrorCode } from '../errors.ts'
import type { Ask, Proof } from '../providers/proof.ts'
import type { Decision } from '../steering/decision.ts'
import type { Reason } from '../steering/reasons.ts'
import type { Asked } from './asked-part.ts'
import type { ResponseHead } from './attempt.ts'
import type { AttemptRecord } from './outcome.ts'
import type { Part } from './resume.ts'
import type { UpstreamRequest } from './transport.ts'

/** What is to be delivered, and how it looks on either side. */
export interface Job {
  readonly method: string
  /** The client's Range; null: it asks for the whole. */
  readonly range: string | null
  readonly decision: Decision
  /** Whose prices hold for its bytes; null: nobody knows. */
  readonly continent: string | null
  /** Decides anew, as things stand now: a long body outlives the decision that it began with. */
  decideAgain(): Decision
  /** Whether a second attempt may start beside a slow one. */
  readonly hedgeable: boolean
  /** The origin's endpoints, where the policy falls back to them. */
  readonly origin: readonly Endpoint[]
  readonly originTimeout: number
  /** Requests that may wait for headers at one endpoint of the origin. */
  readonly originMaxRequests: number
  /** What the client asks of an object that is proved here. */
  readonly asked: Asked
  /** What the site's content lacks does not exist. */
  readonly contentComplete: boolean
  /** What proves the bytes of this endpoint; null: they are believed. */
  proof(endpoint: Endpoint): Proof | null
  /** So many bytes of it have been proved. */
  proved(endpoint: Endpoint, bytes: number): void
  /** How an endpoint is asked whose bytes are proved. Nothing of the client goes there. */
  ask(endpoint: Endpoint, ask: Ask): UpstreamRequest
  /** From now on what was published before will do, which these endpoints have. False: there is no such thing, or it was done. */
  turnBack(outdated: readonly Endpoint[]): boolean
  /** The client's request as this endpoint is to receive it; for a part, only that is asked for. */
  request(endpoint: Endpoint, part: Part | null): UpstreamRequest
  /** An interim answer of an endpoint to the client's own request, for the client. */
  interim(endpoint: Endpoint, head: ResponseHead): void
  /** The header fields of the answer as the client is to receive them; `ms` is what the attempt took so far. */
  answer(endpoint: Endpoint, head: ResponseHead, ms: number): string[]
  /** Nothing could be delivered and nothing was sent: answers the client. Returns the status. */
  refuse(code: ErrorCode, records: readonly AttemptRecord[]): number
}

/** A switch of endpoints in the middle of a body, tried or done. */
export interface Resume {
  readonly from: Endpoint
  readonly to: Endpoint
  /** `refused`: what came did not prove to be the rest. */
  readonly result: 'resumed' | 'refused' | 'failed'
}

/** How a delivery ended. */
export interface Delivered {
  readonly status: number
  /** Who delivered the end of the body. */
  readonly servedBy: Endpoint | null
  readonly reason: Reason | null
  readonly records: readonly AttemptRecord[]
  readonly resumes: readonly Resume[]
  /** On the clock of Timers; null when no answer came. */
  readonly firstByteAt: number | null
  readonly error: ErrorCode | null
  readonly aborted: boolean
}
