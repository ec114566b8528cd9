import type { Endpoint } from '../config/snapshot.ts'
import type { Meter } from '../costs/growth.ts'
import type { ErrorCode } from '../errors.ts'
import type { HealthView } from '../health/health-view.ts'
import type { Decision } from '../steering/decision.ts'
import type { Reason } from '../steering/reasons.ts'
import type { Refused, ResponseHead } from './attempt.ts'
import { AttemptRecords } from './attempt-records.ts'
import { Blame } from './blame.ts'
import { Body } from './body.ts'
import type { Budgets } from './budgets.ts'
import type { AnswerSink } from './client-writer.ts'
import type { Deadline } from './deadlines.ts'
import { type AttemptOwner, DeliveryAttempt } from './delivery-attempt.ts'
import { isChallenge, representationOf, retryAfterOf } from './head.ts'
import type { Delivered, Job, Resume } from './job.ts'
import { type LaunchMeter, launch } from './launch.ts'
import { codeOf, failureOf, type Outcome } from './outcome.ts'
import { isPartAsked } from './partial.ts'
import { contradictsItself } from './resume.ts'
import { hedgeCandidate, nextStep, type Step } from './retry.ts'
import type { Timers } from './timers.ts'
import type { Transport } from './transport.ts'
import { spend } from './wire/read-buffers.ts'

/** The parts of the process that a delivery uses. */
export interface DeliveryParts {
  readonly transport: Transport
  readonly timers: Timers
  readonly health: HealthView
  readonly budgets: Budgets
  readonly writer: AnswerSink
  readonly meter: Meter
  /** Uniform in [0, 1). */
  random(): number
}

/** RFC-less but customary: the client closed the request. */
const CLIENT_GONE = 499
/** How long a client that ended its side may wait for the head of its answer. Milliseconds. */
const GRACE = 1000
/** Of an origin. */
const FREE: LaunchMeter = { sent: () => {}, received: () => {} }

/**
 * Delivers one answer. Until the first byte any failure that the policy retries moves on to the next Endpoint; after
 * it the rest of the body comes from the next Endpoint, where that proves to have the same one. Where nothing proves,
 * the answer is cut visibly.
 */
export class Delivery implements AttemptOwner {
  readonly #job: Job
  readonly #parts: DeliveryParts
  readonly #done: (delivered: Delivered) => void
  readonly #records = new AttemptRecords()
  readonly #resumes: Resume[] = []
  readonly #blame: Blame
  /** Attempts whose head is waited for: one, or two when hedged. */
  readonly #waiting = new Set<DeliveryAttempt>()
  #decision: Decision
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
    this.#blame = new Blame(parts.health, job.decision.policy.outlier)
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
    if (by.attempt.asked) this.#parts.health.timed(by.endpoint, this.#elapsedOf(by))
    const outcome = this.#judgeHead(by, head)
    if (outcome === null) {
      if (by.attempt.waited > 0) this.#parts.health.answered(by.endpoint, by.attempt.waited)
      return this.#body === null ? this.#serve(by, head) : this.#splice(by, head)
    }
    if (outcome.status === 429) this.#blame.limited(by.endpoint, retryAfterOf(head, Date.now()))
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
      by.cancel()
      this.onFailure(by, 'http_protocol_error', true)
      return false
    }
    this.#body!.add(chunk.length)
    return by.attempt.holdsNothing ? this.#parts.writer.write(chunk, spend) : this.#parts.writer.write(chunk)
  }

  onEnd(by: DeliveryAttempt): void {
    if (!this.#body!.complete) return this.onFailure(by, 'http_response_incomplete', true)
    this.#parts.writer.end()
    if (by.attempt.asked && this.#status < 500 && this.#status !== 429) this.#parts.health.succeeded(by.endpoint)
    this.#finish({ error: null, aborted: false })
  }

  onFailure(by: DeliveryAttempt, code: ErrorCode, sent: boolean, refused?: Refused): void {
    const wasWaiting = this.#waiting.delete(by)
    // It would have taken at least as long.
    if (wasWaiting && code === 'http_response_timeout') this.#parts.health.answered(by.endpoint, by.attempt.waited)
    // Nobody is charged while the client may have left.
    if (this.#leaving === null) this.#blame.failed(by.endpoint, code)
    if (refused?.status === 429) this.#blame.limited(by.endpoint, refused.retryAfter)
    this.#record(by, failureOf(code, refused?.status ?? null, sent))
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
    if (step.kind === 'fail') return this.#turnBack() ? this.#take(this.#nextStep()) : this.#giveUp(step.code)
    if (step.kind === 'origin') return this.#launch(step.endpoint, 'origin', step.timeout)
    const { candidate, timeout, delay } = step
    const reason = this.#records.counted.length > 0 ? 'failover-error' : candidate.reason
    if (delay === 0) return this.#launch(candidate.endpoint, reason, timeout)
    this.#deadline = this.#parts.timers.after(delay, () => this.#launch(candidate.endpoint, reason, timeout))
  }

  /** A step that the budget or the origin's breaker refuses is replaced by what comes after it. */
  #nextStep(): Step {
    const { budgets, timers, health } = this.#parts
    // Things may have changed since the request began: who was well may be ejected, or full.
    if (this.#records.all.length > 0) this.#decision = this.#job.decideAgain()
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
    const meter = this.#meter(endpoint)
    const part = this.#body?.rest ?? null
    const { begin, send } = launch({ transport, timers, job: this.#job, endpoint, timeouts, part, meter })
    this.#waiting.add(new DeliveryAttempt(this, { endpoint, reason, release: health.begin(endpoint), begin }))
    send()
  }

  #meter({ cdn, cdnName }: Endpoint): LaunchMeter {
    if (cdn === null) return FREE
    const { meter } = this.#parts
    const { continent } = this.#job
    return {
      sent: () => meter.sent(cdnName, continent),
      received: (bytes) => meter.received(cdnName, continent, bytes),
    }
  }

  /** Starts a second attempt beside a first that is slower than nearly all before it. */
  #planHedge(): void {
    const [first] = this.#waiting
    const { hedge } = this.#decision.policy
    if (first === undefined || !hedge.enabled) return
    const usual = hedge.after === 'p95' ? (this.#parts.health.p95(first.endpoint) ?? 0) : hedge.after
    this.#deadline = this.#parts.timers.after(Math.max(usual, hedge.minDelay), () => {
      const candidate = hedgeCandidate(this.#job.decideAgain(), [first.endpoint])
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
    // Node refuses header fields that no client should see. Nothing was sent, so the next endpoint may do better.
    if (!this.#sendHead(by, head)) {
      by.cancel()
      return this.onFailure(by, 'http_protocol_error', true)
    }
    this.#takeOver(by, head.status)
    // A body that is there already takes the head along; a stream of events may be silent for long.
    queueMicrotask(() => this.#parts.writer.flush())
  }

  #sendHead(by: DeliveryAttempt, head: ResponseHead): boolean {
    const representation = representationOf(head)
    const { method, range } = this.#job
    if (method === 'GET' && (contradictsItself(representation) || !isPartAsked(range, representation))) return false
    try {
      this.#parts.writer.head(head.status, this.#job.answer(by.endpoint, head, this.#elapsedOf(by)))
    } catch {
      return false
    }
    this.#status = head.status
    this.#firstByteAt = this.#parts.timers.now()
    this.#body = this.#job.method === 'GET' ? new Body(representation, this.#decision.policy.resume) : Body.none()
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
    if (status < 500 && status !== 429) this.#blame.answered(this.#records.all)
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
      this.#records.renew(1)
      this.#sought = 0
    }
    this.#seekingSince = this.#parts.timers.now()
    this.#take(this.#nextStep())
  }

  /** Nobody has what was looked for: another edition is better than nothing, where somebody just showed to have one. */
  #turnBack(): boolean {
    if (this.#body !== null || this.#kept !== null) return false
    const outdated = this.#records.counted.filter(({ outcome }) => codeOf(outcome) === 'content_outdated')
    if (outdated.length === 0 || !this.#job.turnBack(outdated.map(({ endpoint }) => endpoint))) return false
    this.#records.renew(0)
    this.#sought = 0
    this.#seekingSince = this.#parts.timers.now()
    return true
  }

  #giveUp(code: ErrorCode): void {
    if (this.#body !== null) {
      this.#parts.writer.abort()
      return this.#finish({ error: code, aborted: true })
    }
    const kept = this.#kept
    const answer = kept?.unkeep() ?? null
    if (kept !== null && answer !== null && this.#sendHead(kept, answer.head)) return this.#serveKept(kept, answer)
    this.#status = this.#job.refuse(code, this.#records.all)
    this.#finish({ error: code, aborted: false })
  }

  /** The last real answer of an upstream says more than one of ours; its body may still be coming. */
  #serveKept(kept: DeliveryAttempt, { body, whole }: { readonly body: Buffer; readonly whole: boolean }): void {
    this.#current = kept
    this.#kept = null
    if (body.length > 0) this.onData(kept, body)
    if (whole && this.#current === kept) this.onEnd(kept)
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
      by.cancel()
      this.#record(by, { kind: 'aborted' })
    }
    this.#waiting.clear()
  }

  #progress(broke: boolean) {
    const { origin, originTimeout } = this.#job
    const { timers, random } = this.#parts
    const elapsed = this.#sought + timers.now() - this.#seekingSince
    const records = this.#records.counted
    const network = this.#interrupted?.cdn?.provider ?? null
    const { contentComplete } = this.#job
    return {
      decision: this.#decision,
      records,
      elapsed,
      origin,
      originTimeout,
      contentComplete,
      network,
      broke,
      random,
    }
  }

  #record(by: DeliveryAttempt, outcome: Outcome): void {
    this.#records.add(by, outcome, this.#elapsedOf(by))
  }

  #elapsedOf({ attempt }: DeliveryAttempt): number {
    return this.#parts.timers.now() - attempt.startedAt
  }

  #noteResume({ endpoint: to }: DeliveryAttempt, result: Resume['result']): void {
    this.#resumes.push({ from: this.#interrupted!, to, result })
  }

  #finish(end: { readonly error: ErrorCode | null; readonly aborted: boolean }): void {
    if (this.#over) return
    this.#over = true
    this.#deadline?.cancel()
    this.#leaving?.cancel()
    for (const by of this.#waiting) by.cancel()
    this.#current?.cancel()
    this.#kept?.attempt.discard()
    const last = this.#current
    this.#done({
      status: this.#status,
      servedBy: last?.endpoint ?? this.#interrupted,
      reason: last?.reason ?? null,
      records: this.#records.shown,
      resumes: this.#resumes,
      firstByteAt: this.#firstByteAt,
      ...end,
    })
  }
}
