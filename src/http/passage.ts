import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Endpoint } from '../config/snapshot.ts'
import { Attempt, type AttemptListener, type ResponseHead } from '../delivery/attempt.ts'
import type { Deadline } from '../delivery/deadlines.ts'
import type { AttemptRecord, Outcome } from '../delivery/outcome.ts'
import { mayRetry } from '../delivery/retry.ts'
import type { ResponseWriter } from '../delivery/writer.ts'
import type { ErrorCode } from '../errors.ts'
import { answerHeaders, interimHeaders, serverTiming } from './answer.ts'
import { askedPath } from './asked-path.ts'
import { dispatchAsterisk } from './asterisk.ts'
import { invalidate } from './cached/invalidate.ts'
import type { Admitted } from './exchange.ts'
import { upstreamHeaders } from './headers.ts'
import { pricedAt } from './metering.ts'
import { record } from './record.ts'
import { refuse } from './refusal.ts'
import { hasCome, hasContent, RequestBody } from './request-body.ts'
import type { Services } from './services.ts'
import { answerTimeout, tryOrder } from './unsafe.ts'
import { writerFor } from './writer-for.ts'

/** The client's side of a Passage. */
export interface Client {
  readonly raw: IncomingMessage
  readonly response: ServerResponse
  /** Milliseconds on the clock of Timers. */
  readonly startedAt: number
}

/** A request with content has its head timeout from RequestBody: it runs from the last byte that was sent. */
const NEVER = 2 ** 31
/** How long a client may go on sending after its answer, so that the reset of the connection does not eat the answer. */
const LINGER = 2_000
/** Customary: the client closed the request. */
const CLIENT_GONE = 499

/** One request on its way to the origin, or to the CDN that `unsafe_methods` names, and its answer back. */
export class Passage implements AttemptListener {
  readonly #services: Services
  readonly #client: Client
  readonly #admitted: Admitted
  readonly #endpoints: readonly Endpoint[]
  readonly #writer: ResponseWriter
  readonly #release: () => void
  readonly #records: AttemptRecord[] = []
  #answered: (error: ErrorCode | null, head: ResponseHead | null) => void = () => {}
  #attempt: Attempt | null = null
  #body: RequestBody | null = null
  #head: ResponseHead | null = null
  #failure: ErrorCode = 'internal_error'
  #firstByteAt: number | null = null
  #lingering: Deadline | null = null
  #over = false

  constructor(services: Services, client: Client, admitted: Admitted) {
    this.#services = services
    this.#client = client
    this.#admitted = admitted
    this.#endpoints = tryOrder(admitted.site.unsafeEndpoints, admitted.route.policy, services.world)
    this.#writer = writerFor(services, client.response)
    this.#release = admitted.generation.transport.lease()
  }

  onReceived(bytes: number): void {
    const { cdn, cdnName } = this.#attempt!.endpoint
    if (cdn !== null) this.#services.meter.received(cdnName, pricedAt(this.#admitted), bytes)
  }

  /** `answered` is called once: with the head of the answer, or with what went wrong; never when the client left. */
  start(answered: (error: ErrorCode | null, head: ResponseHead | null) => void): void {
    this.#answered = answered
    this.#writer.watch(
      () => this.#attempt?.resume(),
      () => this.#onClientGone(),
    )
    this.#next()
  }

  /** Sends the head that has come to the client; the body follows by itself. */
  relay(): void {
    const { endpoint, startedAt } = this.#attempt!
    const { raw } = this.#client
    const head = this.#head!
    const now = this.#services.timers.now()
    this.#firstByteAt = now
    const headers = answerHeaders(this.#admitted, endpoint, head, serverTiming(endpoint, now - startedAt))
    invalidate(this.#services, this.#admitted, head)
    // RFC 9112 section 9.3: what is left of the content would be read as the next request.
    if (!hasCome(raw)) this.#writer.closeAfter()
    this.#record({ kind: 'served', status: head.status })
    this.#writer.head(head.status, headers)
    // What came in one piece with the head is handed over before the microtask runs.
    queueMicrotask(() => this.#writer.flush())
  }

  /** Tells the client what went wrong. */
  refuse(): void {
    const { raw } = this.#client
    this.#attempt?.cancel()
    this.#body?.unwatch()
    const code = this.#failure
    const message = MESSAGES[code] ?? 'the origin could not answer this'
    const facts = { method: raw.method!, records: this.#records, close: !hasCome(raw) }
    this.#finish(refuse(this.#writer, { code, message, ...facts }), { error: code, aborted: false })
  }

  /** Somebody else found out that the client left. */
  destroy(): void {
    this.#onClientGone()
  }

  onInterim(head: ResponseHead): void {
    this.#writer.interim(head.status, interimHeaders(this.#admitted, this.#attempt!.endpoint, head))
  }

  onHead(head: ResponseHead): void {
    this.#head = head
    this.#body?.unwatch()
    this.#answered(null, head)
  }

  onData(chunk: Buffer): boolean {
    return this.#writer.write(chunk)
  }

  onEnd(): void {
    if (this.#head!.status < 500) this.#services.health.succeeded(this.#attempt!.endpoint)
    const { raw } = this.#client
    if (hasCome(raw)) return this.#complete()
    this.#lingering = this.#services.timers.after(LINGER, () => this.#complete())
    raw.once('end', () => this.#complete()).resume()
  }

  onFailure(code: ErrorCode, sent: boolean): void {
    const outcome: Outcome = { kind: 'failed', code, status: null, sent }
    this.#body?.unwatch()
    if (this.#head !== null) return this.#cut(outcome)
    this.#record(outcome)
    // What an application makes of one request says nothing about its endpoint; that nobody is there does.
    if (!sent) this.#services.health.failed(this.#attempt!.endpoint, this.#policy.outlier)
    if (this.#mayTryNext(outcome)) this.#next()
    else this.#fail(code)
  }

  get #policy() {
    return this.#admitted.route.policy
  }

  #next(): void {
    const endpoint = this.#endpoints[this.#records.length]!
    const { timers } = this.#services
    const { raw, method, target, host, generation } = this.#admitted
    this.#body = hasContent(raw) ? this.#newBody() : null
    const head = this.#body === null ? answerTimeout(this.#admitted) : NEVER
    const { connectTimeout: connect, bodyIdleTimeout: bodyIdle } = this.#policy.retry
    this.#attempt = new Attempt(endpoint, { connect, head, bodyIdle }, timers, this)
    if (endpoint.cdn !== null) this.#services.meter.sent(endpoint.cdnName, pricedAt(this.#admitted))
    if (target.path === '*') return dispatchAsterisk(this.#admitted, endpoint, this.#attempt, timers)
    const headers = upstreamHeaders(this.#admitted, endpoint, 'content')
    const path = askedPath(this.#admitted, endpoint, Date.now())
    const request = { method, path, headers, host: host.name, body: this.#body }
    generation.transport.dispatch(endpoint, request, this.#attempt)
  }

  #newBody(): RequestBody {
    const { limits } = this.#admitted.generation.snapshot
    return new RequestBody(this.#client.raw, this.#services.timers, {
      limit: limits.body,
      minRate: limits.bodyMinRate,
      idle: this.#policy.retry.bodyIdleTimeout,
      answer: answerTimeout(this.#admitted),
      onBegin: () => sendContinue(this.#client),
      onFailure: (code) => this.#onContentFailure(code),
    })
  }

  /** RFC 9110 section 9.2.2: a request that may have arrived is not sent again, unless it asks for nothing. */
  #mayTryNext(outcome: Outcome): boolean {
    if (outcome.kind !== 'failed' || this.#endpoints[this.#records.length] === undefined) return false
    const { retry } = this.#policy
    const harmless = this.#admitted.method === 'OPTIONS' && this.#body === null
    if (outcome.sent && !harmless) return false
    return this.#services.timers.now() - this.#client.startedAt < retry.timeout && mayRetry(outcome, retry)
  }

  #onContentFailure(code: ErrorCode): void {
    this.#attempt!.cancel()
    const upstream = code === 'http_response_timeout'
    const outcome: Outcome = upstream ? { kind: 'failed', code, status: null, sent: true } : { kind: 'aborted' }
    if (this.#head !== null) return this.#cut(outcome, code)
    this.#record(outcome)
    this.#fail(code)
  }

  /** The answer cannot be completed, and the client shall see it. */
  #cut(outcome: Outcome, code: ErrorCode = outcome.kind === 'failed' ? outcome.code : 'internal_error'): void {
    this.#records.pop()
    this.#record(outcome)
    this.#writer.abort()
    this.#finish(this.#head!.status, { error: code, aborted: true })
  }

  #fail(code: ErrorCode): void {
    this.#failure = code
    this.#answered(code, null)
  }

  #onClientGone(): void {
    if (this.#over) return
    if (this.#lingering !== null) return this.#complete()
    this.#attempt?.cancel()
    this.#body?.unwatch()
    if (this.#head === null && this.#attempt !== null) this.#record({ kind: 'aborted' })
    this.#finish(this.#head?.status ?? CLIENT_GONE, { error: 'client_gone', aborted: false })
  }

  #complete(): void {
    if (this.#over) return
    this.#writer.end()
    this.#finish(this.#head!.status, { error: null, aborted: false })
  }

  #record(outcome: Outcome): void {
    const { endpoint, startedAt } = this.#attempt!
    this.#records.push({ endpoint, outcome, ms: this.#services.timers.now() - startedAt })
  }

  #finish(status: number, end: { readonly error: ErrorCode | null; readonly aborted: boolean }): void {
    if (this.#over) return
    this.#over = true
    this.#lingering?.cancel()
    this.#release()
    // Node reads the next request of the connection only when this one's content is out of the way.
    this.#client.raw.resume()
    const servedBy = this.#head === null ? null : this.#attempt!.endpoint
    record(this.#services, this.#client, this.#admitted, {
      status,
      bytes: this.#writer.bytes,
      firstByteMs: this.#firstByteAt === null ? null : this.#firstByteAt - this.#client.startedAt,
      servedBy,
      reason: servedBy !== null && servedBy.cdn === null ? 'origin' : null,
      decision: null,
      resumes: [],
      cache: null,
      attempts: this.#records,
      ...end,
    })
  }
}

const MESSAGES: Partial<Record<ErrorCode, string>> = {
  body_too_large: 'the content is too large',
  request_timeout: 'the content stopped coming',
}

/**
 * RFC 9110 section 10.1.1: not before somebody wants the content, and not where some of it has come without being asked
 * for. HTTP/1.0 clients do not know the answer.
 */
function sendContinue({ raw, response }: Client): void {
  const waits = raw.headers.expect?.toLowerCase() === '100-continue' && raw.httpVersion !== '1.0'
  if (waits && raw.readableLength === 0 && !raw.complete) response.writeContinue()
}
