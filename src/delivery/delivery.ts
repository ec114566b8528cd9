import type { Endpoint, OutlierSettings } from '../config/snapshot.ts'
import { ERRORS, type ErrorCode } from '../errors.ts'
import type { HealthView } from '../health/health-view.ts'
import type { Decision, Reason } from '../steering/decision.ts'
import type { ResponseHead } from './attempt.ts'
import { Body } from './body.ts'
import type { Budgets } from './budgets.ts'
import type { Deadline } from './deadlines.ts'
import { type AttemptOwner, DeliveryAttempt } from './delivery-attempt.ts'
import { isChallenge, representationOf, retryAfterOf } from './head.ts'
import type { Delivered, Job, Resume } from './job.ts'
import { type AttemptRecord, type Outcome, statusOf } from './outcome.ts'
import { hedgeCandidate, nextStep, type Step } from './retry.ts'
import type { Timers } from './timers.ts'
import type { Transport } from './transport.ts'
import type { ResponseWriter } from './writer.ts'

/** The parts of the process that a delivery uses. */
export interface DeliveryParts {
  readonly transport: Transport
  readonly timers: Timers
  readonly health: HealthView
  readonly budgets: Budgets
  readonly writer: ResponseWriter
  /** Uniform in [0, 1). */
  random(): number
}

/** RFC-less but customary: the client closed the request. */
const CLIENT_GONE = 499
/** How long a client that ended its side may wait for the head of its answer. Milliseconds. */
const GRACE = 1000
/** Enough for the log of one request; a long body may outlive many endpoints. */
const MAX_RECORDS = 64

/**
 * Delivers one answer. Until the first byte any failure that the policy retries moves on to the next Endpoint; after
 * it the rest of the body comes from the next Endpoint, where that proves to have the same one. Where nothing proves,
 * the answer is cut visibly.
 */
export class Delivery implements AttemptOwner {
  readonly #job: Job
  readonly #parts: DeliveryParts
  readonly #done: (delivered: Delivered) => void
  readonly #records: AttemptRecord[] = []
  readonly #resumes: Resume[] = []
  /** Endpoints that asked for a pause. */
  readonly #limits: { readonly endpoint: Endpoint; readonly ms: number }[] = []
  /** Attempts whose head is waited for: one, or two when hedged. */
  readonly #waiting = new Set<DeliveryAttempt>()
  #decision: Decision
  /** Records before this one belong to what the client has; they count no more. */
  #countedFrom = 0
  /** Milliseconds spent without an answer, but for the time since `#seekingSince`. */
  #sought = 0
  #seekingSince: number
  /** A pause before a step, or the wait before a hedge. */
  #deadline: Deadline | null = null
  #kept: DeliveryAttempt | null = null
  #current: DeliveryAttempt | null = null
  #body: Body | null = null
  #interrupted: Endpoint | null = null
  #status = 0
  #firstByteAt: number | null = null
  /** Runs since the client ended its side. */
  #leaving: Deadline | null = null
  #over = false

  constructor(job: Job, parts: DeliveryParts, done: (delivered: Delivered) => void) {
    this.#job = job
    this.#parts = parts
    this.#done = done
    this.#decision = job.decision
    this.#seekingSince = parts.timers.now()
  }

  start(): void {
    this.#parts.budgets.deposit(this.#decision.policy, this.#seekingSince)
    this.#parts.writer.watch(
      () => this.#current?.attempt.resume(),
      () => this.#onClientGone(),
      () => this.#onClientLeaving(),
    )
    this.#take(this.#nextStep())
    if (this.#job.hedgeable) this.#planHedge()
  }

  onHead(by: DeliveryAttempt, head: ResponseHead): void {
    this.#waiting.delete(by)
    this.#parts.health.timed(by.endpoint, this.#elapsedOf(by))
    const outcome = this.#judgeHead(by, head)
    if (outcome === null) return this.#body === null ? this.#serve(by, head) : this.#splice(by, head)
    if (outcome.status === 429) this.#limits.push({ endpoint: by.endpoint, ms: retryAfterOf(head, Date.now()) })
    this.#record(by, outcome)
    if (this.#body !== null) {
      by.attempt.discard()
      this.#noteResume(by, 'failed')
      return this.#moveOn()
    }
    const step = this.#waiting.size === 0 ? this.#nextStep() : null
    // Nobody can better it: the real answer of an upstream says more than one of ours.
    if (step?.kind === 'fail') return this.#serve(by, head)
    this.#kept?.attempt.discard()
    this.#kept = by
    by.keep()
    if (step !== null) this.#take(step)
  }

  onData(by: DeliveryAttempt, chunk: Buffer): boolean {
    if (this.#body!.exceeds(chunk.length)) {
      by.attempt.cancel()
      this.onFailure(by, 'http_protocol_error', true)
      return false
    }
    this.#body!.add(chunk.length)
    return this.#parts.writer.write(chunk)
  }

  onEnd(by: DeliveryAttempt): void {
    if (!this.#body!.complete) return this.onFailure(by, 'http_response_incomplete', true)
    this.#parts.writer.end()
    this.#judge()
    this.#finish({ error: null, aborted: false })
  }

  onFailure(by: DeliveryAttempt, code: ErrorCode, sent: boolean): void {
    // Nobody is charged for a client that has left, and nobody else is asked.
    if (this.#leaving !== null) return this.#onClientGone()
    this.#waiting.delete(by)
    if (isTheirFault(by.endpoint, code)) this.#parts.health.failed(by.endpoint, this.#outlier)
    this.#record(by, { kind: 'failed', code, status: null, sent })
    if (by === this.#current) return this.#interrupt(by, code)
    if (this.#body !== null) this.#noteResume(by, 'failed')
    this.#moveOn()
  }

  /** The next step, unless another try may still bring an answer. */
  #moveOn(): void {
    if (this.#waiting.size === 0) this.#take(this.#nextStep())
  }

  #take(step: Step): void {
    this.#deadline?.cancel()
    if (step.kind === 'fail') return this.#giveUp(step.code)
    if (step.kind === 'origin') return this.#launch(step.endpoint, 'origin', step.timeout)
    const { candidate, timeout, delay } = step
    const reason = this.#records.length > this.#countedFrom ? 'failover-error' : candidate.reason
    if (delay === 0) return this.#launch(candidate.endpoint, reason, timeout)
    this.#deadline = this.#parts.timers.after(delay, () => this.#launch(candidate.endpoint, reason, timeout))
  }

  /** A step that the budget or the origin's breaker refuses is replaced by what comes after it. */
  #nextStep(): Step {
    const { budgets, timers, health } = this.#parts
    const step = nextStep(this.#progress(false))
    const refused = step.kind === 'attempt' && step.paid && !budgets.withdrawRetry(this.#decision.policy, timers.now())
    const affordable = refused ? nextStep(this.#progress(true)) : step
    if (affordable.kind !== 'origin' || health.hasRoom(affordable.endpoint, this.#job.originMaxRequests))
      return affordable
    return { kind: 'fail', code: 'destination_unavailable' }
  }

  #launch(endpoint: Endpoint, reason: Reason, timeout: number): void {
    const { timers, transport, health } = this.#parts
    const { retry } = this.#decision.policy
    const timeouts = { connect: retry.connectTimeout, head: timeout, bodyIdle: retry.bodyIdleTimeout }
    const attempt = new DeliveryAttempt(this, { endpoint, reason, timeouts, timers, release: health.begin(endpoint) })
    this.#waiting.add(attempt)
    transport.dispatch(endpoint, this.#job.request(endpoint, this.#body?.rest ?? null), attempt.attempt)
  }

  /** Starts a second attempt beside a first that is slower than nearly all before it. */
  #planHedge(): void {
    const [first] = this.#waiting
    const { hedge } = this.#decision.policy
    if (first === undefined || !hedge.enabled) return
    const usual = hedge.after === 'p95' ? (this.#parts.health.p95(first.endpoint) ?? 0) : hedge.after
    this.#deadline = this.#parts.timers.after(Math.max(usual, hedge.minDelay), () => {
      const candidate = hedgeCandidate(this.#decision, [first.endpoint])
      if (candidate === null || !this.#waiting.has(first)) return
      if (!this.#parts.budgets.withdrawHedge(this.#decision.policy, this.#parts.timers.now())) return
      this.#launch(candidate.endpoint, candidate.reason, this.#decision.policy.retry.perTryTimeout)
    })
  }

  /** What is wrong with an answer, as far as its head tells; null: it may be served. */
  #judgeHead({ endpoint }: DeliveryAttempt, head: ResponseHead): (Outcome & { readonly status: number | null }) | null {
    const { status } = head
    if (endpoint.cdn === null && this.#body === null) return null
    if (isChallenge(head)) return { kind: 'refused', code: 'challenged', status, sent: true }
    if (!this.#decision.policy.retry.onStatus.has(status)) return null
    if (status < 500) return { kind: 'refused', code: 'http_response_status', status, sent: true }
    return { kind: 'failed', code: 'http_response_status', status, sent: true }
  }

  #serve(by: DeliveryAttempt, head: ResponseHead): void {
    if (!this.#sendHead(by, head)) {
      // Node refuses header fields that no client should see. Nothing was sent, so the next endpoint may do better.
      by.attempt.cancel()
      return this.onFailure(by, 'http_protocol_error', true)
    }
    const { resume } = this.#decision.policy
    const enabled = resume.enabled && this.#job.method === 'GET'
    this.#body = new Body(representationOf(head), { ...resume, enabled })
    this.#takeOver(by, head.status)
    // A body that is there already takes the head along; a stream of events may be silent for long.
    queueMicrotask(() => this.#parts.writer.flush())
  }

  #sendHead(by: DeliveryAttempt, head: ResponseHead): boolean {
    try {
      this.#parts.writer.head(head.status, this.#job.answer(by.endpoint, head, this.#elapsedOf(by)))
    } catch {
      return false
    }
    this.#status = head.status
    this.#firstByteAt = this.#parts.timers.now()
    return true
  }

  #splice(by: DeliveryAttempt, head: ResponseHead): void {
    if (!this.#body!.splice(representationOf(head))) {
      by.attempt.discard()
      this.#record(by, { kind: 'failed', code: 'resume_mismatch', status: head.status, sent: true })
      this.#noteResume(by, 'refused')
      return this.#moveOn()
    }
    this.#noteResume(by, 'resumed')
    this.#takeOver(by, head.status)
  }

  /** This try delivers from now on; another one that was still waited for is not needed. */
  #takeOver(by: DeliveryAttempt, status: number): void {
    this.#deadline?.cancel()
    this.#dropWaiting()
    this.#current = by
    this.#sought += this.#parts.timers.now() - this.#seekingSince
    this.#record(by, { kind: 'served', status })
  }

  /** The body broke off. The rest is asked for elsewhere, if what comes could prove to be the rest. */
  #interrupt(by: DeliveryAttempt, code: ErrorCode): void {
    this.#interrupted = by.endpoint
    this.#current = null
    const body = this.#body!
    if (body.delivered) {
      this.#parts.writer.end()
      return this.#finish({ error: null, aborted: false })
    }
    if (body.rest === null) return this.#giveUp(code)
    if (body.renews()) {
      this.#countedFrom = this.#records.length - 1
      this.#sought = 0
    }
    this.#seekingSince = this.#parts.timers.now()
    this.#decision = this.#job.decideAgain()
    this.#take(this.#nextStep())
  }

  #giveUp(code: ErrorCode): void {
    if (this.#body !== null) {
      this.#parts.writer.abort()
      return this.#finish({ error: code, aborted: true })
    }
    const kept = this.#kept
    const answer = kept?.keptAnswer ?? null
    if (kept !== null && answer !== null && this.#sendHead(kept, answer.head)) {
      this.#current = kept
      if (answer.body.length > 0) this.#parts.writer.write(answer.body)
      this.#parts.writer.end()
    } else {
      this.#status = this.#job.refuse(code, this.#records)
    }
    this.#finish({ error: code, aborted: false })
  }

  /** A client that only ended its side gets what comes soon: with nothing to write, nobody could tell that it has left. */
  #onClientLeaving(): void {
    if (this.#over || this.#leaving !== null) return
    this.#watchLeaving(this.#parts.writer.bytes)
  }

  #watchLeaving(before: number): void {
    this.#leaving = this.#parts.timers.after(GRACE, () => {
      const { bytes, waiting } = this.#parts.writer
      if (this.#current === null || (bytes === before && !waiting)) this.#onClientGone()
      else this.#watchLeaving(bytes)
    })
  }

  #onClientGone(): void {
    if (this.#over) return
    this.#parts.writer.abort()
    for (const by of this.#waiting) this.#record(by, { kind: 'aborted' })
    if (this.#body === null) this.#status = CLIENT_GONE
    this.#finish({ error: 'client_gone', aborted: false })
  }

  #dropWaiting(): void {
    for (const by of this.#waiting) {
      by.attempt.cancel()
      this.#record(by, { kind: 'aborted' })
    }
    this.#waiting.clear()
  }

  #progress(broke: boolean) {
    const { origin, originTimeout } = this.#job
    const { timers, random } = this.#parts
    const elapsed = this.#sought + timers.now() - this.#seekingSince
    const records = this.#records.slice(this.#countedFrom)
    return { decision: this.#decision, records, elapsed, origin, originTimeout, broke, random }
  }

  /** A try has one record: what it comes to in the end. */
  #record(by: DeliveryAttempt, outcome: Outcome): void {
    const entry: AttemptRecord = { endpoint: by.endpoint, outcome, ms: this.#elapsedOf(by) }
    if (by.recordIndex >= 0) this.#records[by.recordIndex] = { ...entry, ms: this.#records[by.recordIndex]!.ms }
    else by.recordIndex = this.#records.push(entry) - 1
  }

  #elapsedOf({ attempt }: DeliveryAttempt): number {
    return this.#parts.timers.now() - attempt.startedAt
  }

  #noteResume({ endpoint: to }: DeliveryAttempt, result: Resume['result']): void {
    this.#resumes.push({ from: this.#interrupted!, to, result })
  }

  /**
   * The whole answer came. A 5xx, or what is no HTTP, is charged to an endpoint only when somebody else answered this request below 500;
   * else it may be the site that is broken, and a visitor must not be able to eject every CDN by asking for it.
   */
  #judge(): void {
    if (this.#status >= 500 || this.#status === 429) return
    const { health } = this.#parts
    for (const { endpoint, outcome } of this.#records) {
      if (outcome.kind !== 'failed') continue
      const mayBeTheSite = outcome.code === 'http_protocol_error' || (statusOf(outcome) ?? 0) >= 500
      if (mayBeTheSite) health.failed(endpoint, this.#outlier)
    }
    // A limit that nobody else has is the endpoint's own, and not of what stands behind all of them.
    for (const { endpoint, ms } of this.#limits) if (ms > 0) health.limited(endpoint, ms)
    health.succeeded(this.#current!.endpoint)
  }

  get #outlier(): OutlierSettings {
    return this.#decision.policy.outlier
  }

  #finish(end: { readonly error: ErrorCode | null; readonly aborted: boolean }): void {
    if (this.#over) return
    this.#over = true
    this.#deadline?.cancel()
    this.#leaving?.cancel()
    for (const by of this.#waiting) by.attempt.cancel()
    this.#current?.attempt.cancel()
    this.#kept?.attempt.discard()
    const last = this.#current
    this.#done({
      status: this.#status,
      servedBy: last?.endpoint ?? this.#interrupted,
      reason: last?.reason ?? null,
      records: this.#records.slice(-MAX_RECORDS),
      resumes: this.#resumes,
      firstByteAt: this.#firstByteAt,
      ...end,
    })
  }
}

/**
 * What is charged at once. Not: a certificate without the client's own host, where that is the name to verify; not what
 * may be the fault of this one object, which is judged when it is known whether another endpoint has it.
 */
function isTheirFault({ tls }: Endpoint, code: ErrorCode): boolean {
  if (code === 'tls_certificate_error' && tls?.serverName === null) return false
  if (code === 'http_protocol_error' || code === 'resume_mismatch') return false
  return ERRORS[code].fault === 'upstream'
}
