import type { Endpoint, OutlierSettings } from '../config/snapshot.ts'
import { ERRORS, type ErrorCode } from '../errors.ts'
import type { Board } from '../health/board.ts'
import type { Decision, Reason } from '../steering/decision.ts'
import { Attempt, type AttemptListener, type ResponseHead } from './attempt.ts'
import type { Deadline } from './deadlines.ts'
import { type AttemptRecord, type Outcome, statusOf } from './outcome.ts'
import { isRetriedStatus, nextStep, type Step } from './retry.ts'
import type { Timers } from './timers.ts'
import type { Transport, UpstreamRequest } from './transport.ts'
import type { ResponseWriter } from './writer.ts'

/** What is to be delivered, and how it looks on either side. */
export interface Job {
  readonly decision: Decision
  /** The origin's endpoints, where the policy falls back to them. */
  readonly origin: readonly Endpoint[]
  readonly originTimeout: number
  /** The client's request as this endpoint is to receive it. */
  request(endpoint: Endpoint): UpstreamRequest
  /** The header fields of the answer as the client is to receive them; `ms` is what the attempt took so far. */
  answer(endpoint: Endpoint, head: ResponseHead, ms: number): string[]
  /** Nothing could be delivered and nothing was sent: answers the client. Returns the status. */
  refuse(code: ErrorCode, records: readonly AttemptRecord[]): number
}

/** How a delivery ended. */
export interface Delivered {
  readonly status: number
  readonly servedBy: Endpoint | null
  readonly reason: Reason | null
  readonly records: readonly AttemptRecord[]
  /** On the clock of Timers; null when no answer came. */
  readonly firstByteAt: number | null
  readonly error: ErrorCode | null
  readonly aborted: boolean
}

/** The parts of the process that a delivery uses. */
export interface DeliveryParts {
  readonly transport: Transport
  readonly timers: Timers
  readonly board: Board
  readonly writer: ResponseWriter
}

/** RFC-less but customary: the client closed the request. */
const CLIENT_GONE = 499
/** How long a client that ended its side may wait for the head of its answer. Milliseconds. */
const GRACE = 1000

/**
 * Delivers one answer: attempts one Endpoint after the other until one answers, then streams. Until the first byte
 * any failure that the policy retries moves on; after it, a failure cuts the answer visibly.
 */
export class Delivery implements AttemptListener {
  readonly #job: Job
  readonly #parts: DeliveryParts
  readonly #done: (delivered: Delivered) => void
  readonly #records: AttemptRecord[] = []
  readonly #startedAt: number
  #attempt: Attempt | null = null
  #reason: Reason | null = null
  #servedBy: Endpoint | null = null
  #status = 0
  #firstByteAt: number | null = null
  /** Runs since the client ended its side. */
  #grace: Deadline | null = null

  constructor(job: Job, parts: DeliveryParts, done: (delivered: Delivered) => void) {
    this.#job = job
    this.#parts = parts
    this.#done = done
    this.#startedAt = parts.timers.now()
  }

  start(): void {
    this.#parts.writer.watch(
      () => this.#attempt?.resume(),
      () => this.#onClientGone(),
      () => this.#onClientLeaving(),
    )
    this.#next()
  }

  onHead(head: ResponseHead): void {
    const attempt = this.#attempt!
    const { retry } = this.#job.decision.policy
    if (attempt.endpoint.cdn !== null && isRetriedStatus(head.status, retry)) {
      const outcome: Outcome = { kind: 'failed', code: 'http_response_status', status: head.status, sent: true }
      const step = this.#stepAfter(outcome)
      if (step.kind !== 'fail') {
        this.#record(outcome)
        attempt.discard()
        return this.#take(step)
      }
    }
    this.#serve(head)
  }

  onData(chunk: Buffer): boolean {
    return this.#parts.writer.write(chunk)
  }

  onEnd(): void {
    this.#parts.writer.end()
    this.#judge()
    this.#finish({ error: null, aborted: false })
  }

  onFailure(code: ErrorCode, sent: boolean): void {
    const { endpoint } = this.#attempt!
    if (this.#servedBy !== null) {
      this.#records.pop()
      this.#record({ kind: 'failed', code, status: null, sent: true })
      this.#parts.board.failed(endpoint, this.#outlier)
      this.#parts.writer.abort()
      return this.#finish({ error: code, aborted: true })
    }
    // Nobody is charged for a client that has left, and nobody else is asked.
    if (this.#grace !== null) return this.#onClientGone()
    this.#record({ kind: 'failed', code, status: null, sent })
    if (isTheirFault(endpoint, code)) this.#parts.board.failed(endpoint, this.#outlier)
    this.#next()
  }

  #next(): void {
    this.#take(nextStep(this.#progress(this.#records)))
  }

  #take(step: Step): void {
    if (step.kind === 'fail') return this.#fail(step.code)
    const endpoint = step.kind === 'attempt' ? step.candidate.endpoint : step.endpoint
    this.#reason = step.kind === 'origin' ? 'origin' : step.candidate.reason
    if (step.kind === 'attempt' && this.#records.length > 0) this.#reason = 'failover-error'
    const { retry } = this.#job.decision.policy
    const timeouts = { connect: retry.connectTimeout, head: step.timeout, bodyIdle: retry.bodyIdleTimeout }
    this.#attempt = new Attempt(endpoint, timeouts, this.#parts.timers, this)
    this.#parts.transport.dispatch(endpoint, this.#job.request(endpoint), this.#attempt)
  }

  #serve(head: ResponseHead): void {
    const attempt = this.#attempt!
    const now = this.#parts.timers.now()
    try {
      this.#parts.writer.head(head.status, this.#job.answer(attempt.endpoint, head, now - attempt.startedAt))
    } catch {
      // Node refuses header fields that no client should see. Nothing was sent, so the next endpoint may do better.
      attempt.cancel()
      return this.onFailure('http_protocol_error', true)
    }
    this.#servedBy = attempt.endpoint
    this.#status = head.status
    this.#firstByteAt = now
    this.#record({ kind: 'served', status: head.status })
    // A body that is there already takes the head along; a stream of events may be silent for long.
    queueMicrotask(() => this.#parts.writer.flush())
  }

  #fail(code: ErrorCode): void {
    this.#status = this.#job.refuse(code, this.#records)
    this.#finish({ error: code, aborted: false })
  }

  /** A client that only ended its side gets what comes at once. */
  #onClientLeaving(): void {
    if (this.#servedBy !== null || this.#grace !== null || this.#attempt === null) return
    this.#grace = this.#parts.timers.after(GRACE, () => this.#servedBy === null && this.#onClientGone())
  }

  #onClientGone(): void {
    this.#parts.writer.abort()
    this.#attempt?.cancel()
    if (this.#servedBy === null && this.#attempt !== null) this.#record({ kind: 'aborted' })
    if (this.#servedBy === null) this.#status = CLIENT_GONE
    this.#finish({ error: 'client_gone', aborted: false })
  }

  /** What would come next if the attempt under way ended so. */
  #stepAfter(outcome: Outcome): Step {
    return nextStep(this.#progress([...this.#records, this.#recordOf(outcome)]))
  }

  #progress(records: readonly AttemptRecord[]) {
    const { decision, origin, originTimeout } = this.#job
    return { decision, records, origin, originTimeout, elapsed: this.#parts.timers.now() - this.#startedAt }
  }

  #record(outcome: Outcome): void {
    this.#records.push(this.#recordOf(outcome))
  }

  #recordOf(outcome: Outcome): AttemptRecord {
    const { endpoint, startedAt } = this.#attempt!
    return { endpoint, outcome, ms: this.#parts.timers.now() - startedAt }
  }

  /**
   * The whole answer came. A 5xx is charged to an endpoint only when somebody else answered this request below 500;
   * else it may be the site that is broken, and a visitor must not be able to eject every CDN by asking for it.
   */
  #judge(): void {
    if (this.#status >= 500) return
    const { board } = this.#parts
    for (const { endpoint, outcome } of this.#records) {
      if (outcome.kind === 'failed' && (statusOf(outcome) ?? 0) >= 500) board.failed(endpoint, this.#outlier)
    }
    board.succeeded(this.#servedBy!)
  }

  get #outlier(): OutlierSettings {
    return this.#job.decision.policy.outlier
  }

  #finish(end: { readonly error: ErrorCode | null; readonly aborted: boolean }): void {
    const records = this.#records
    this.#attempt = null
    this.#grace?.cancel()
    this.#done({
      status: this.#status,
      servedBy: this.#servedBy,
      reason: this.#servedBy === null ? null : this.#reason,
      records,
      firstByteAt: this.#firstByteAt,
      ...end,
    })
  }
}

/** Where the client's own host is the name to verify, a certificate without it is what the client asked for. */
function isTheirFault({ tls }: Endpoint, code: ErrorCode): boolean {
  if (code === 'tls_certificate_error' && tls?.serverName === null) return false
  return ERRORS[code].fault === 'upstream'
}
