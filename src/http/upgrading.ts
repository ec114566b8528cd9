import type { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import type { Endpoint } from '../config/snapshot.ts'
import type { Deadline } from '../delivery/deadlines.ts'
import type { AttemptRecord, Outcome } from '../delivery/outcome.ts'
import { resetSocket } from '../delivery/reset-socket.ts'
import { mayRetry } from '../delivery/retry.ts'
import type { ResponseWriter } from '../delivery/writer.ts'
import type { ErrorCode } from '../errors.ts'
import { answerHeaders, serverTiming } from './answer.ts'
import { relayBody } from './answer-relay.ts'
import { askedPath } from './asked-path.ts'
import { EarlyBytes } from './early-bytes.ts'
import type { Admitted } from './exchange.ts'
import { upstreamHeaders } from './headers.ts'
import { meterTunnel } from './metering.ts'
import { record } from './record.ts'
import { refuse } from './refusal.ts'
import type { Services } from './services.ts'
import { Splice } from './splice.ts'
import { ask, dial, type Reply } from './tunnel-dial.ts'
import { answerTimeout, tryOrder } from './unsafe.ts'
import { isAnswerTo } from './upgrade.ts'
import { writerFor } from './writer-for.ts'

/** The client's side: its request, its socket, and a response for answers other than 101. */
export interface UpgradingClient {
  readonly raw: IncomingMessage
  readonly socket: Socket
  readonly response: ServerResponse
  /** What came right behind the request. */
  readonly head: Buffer
  /** Milliseconds on the clock of Timers. */
  readonly startedAt: number
}

/** What is asked for. */
export interface Wanted {
  readonly admitted: Admitted
  readonly protocols: readonly string[]
}

interface End {
  readonly status: number
  readonly bytes: number
  readonly error?: ErrorCode | null
  readonly aborted?: boolean
}

const CLIENT_GONE = 499

/** One upgrade: dial, ask, and then a tunnel, or the upstream's own answer, or a refusal. */
export class Upgrading {
  readonly #services: Services
  readonly #client: UpgradingClient
  readonly #wanted: Wanted
  readonly #endpoints: readonly Endpoint[]
  readonly #writer: ResponseWriter
  readonly #early: EarlyBytes
  readonly #onEnd: () => void
  readonly #records: AttemptRecord[] = []
  /** Gives up what is under way at the upstream. */
  #cancel: () => void = () => {}
  #deadline: Deadline | null = null
  #endpoint: Endpoint
  #attemptAt = 0
  #firstByteAt: number | null = null
  #splice: Splice | null = null
  #over = false

  constructor(services: Services, client: UpgradingClient, wanted: Wanted, onEnd: () => void) {
    this.#services = services
    this.#client = client
    this.#wanted = wanted
    this.#onEnd = onEnd
    const { site, route } = wanted.admitted
    this.#endpoints = tryOrder(site.unsafeEndpoints, route.policy, services.world)
    this.#endpoint = this.#endpoints[0]!
    this.#writer = writerFor(services, client.response)
    this.#early = new EarlyBytes(client.socket, client.head)
  }

  get switched(): boolean {
    return this.#splice !== null
  }

  start(): void {
    this.#early.collect(() => this.#onClientGone())
    this.#next()
  }

  /** The gateway shuts down and waits no longer. */
  close(): void {
    if (this.#splice !== null) return this.#splice.close()
    this.#cancel()
    // An answer that is on its way is cut by that.
    if (!this.#writer.headSent) this.#refuse('shutting_down')
  }

  get #policy() {
    return this.#wanted.admitted.route.policy
  }

  #next(): void {
    const { timers } = this.#services
    this.#endpoint = this.#endpoints[this.#records.length]!
    this.#attemptAt = timers.now()
    const timeout = this.#policy.retry.connectTimeout
    const target = { endpoint: this.#endpoint, host: this.#wanted.admitted.host.name, timeout }
    this.#cancel = dial(target, timers, (result) => this.#guarded(() => this.#onDialled(result)))
  }

  /** The boundary: what nobody foresaw costs one upgrade. */
  #guarded(step: () => void): void {
    try {
      step()
    } catch (error) {
      this.#services.log.throttle('internal-error', 1_000)?.error('internal-error', { error })
      this.#cancel()
      resetSocket(this.#client.socket)
      this.#finish({ status: 500, bytes: this.#writer.bytes, error: 'internal_error', aborted: true })
    }
  }

  #onDialled(result: Socket | ErrorCode): void {
    if (result instanceof Socket) return this.#ask(result)
    const outcome: Outcome = { kind: 'failed', code: result, status: null, sent: false }
    this.#record(outcome)
    this.#services.health.failed(this.#endpoint, this.#policy.outlier)
    const more = this.#endpoints[this.#records.length] !== undefined
    const inTime = this.#services.timers.now() - this.#client.startedAt < this.#policy.retry.timeout
    if (more && inTime && mayRetry(outcome, this.#policy.retry)) this.#next()
    else this.#refuse(result)
  }

  #ask(upstream: Socket): void {
    const { admitted, protocols } = this.#wanted
    this.#cancel = () => upstream.destroy()
    const late = () => {
      upstream.destroy()
      this.#onReply(upstream, { kind: 'failed', code: 'http_response_timeout' })
    }
    this.#deadline = this.#services.timers.after(answerTimeout(admitted), late)
    const headers = upstreamHeaders(admitted, this.#endpoint, 'answer')
    headers.push('connection', 'Upgrade', 'upgrade', protocols.join(', '))
    const path = askedPath(admitted, this.#endpoint, Date.now())
    ask(upstream, { method: 'GET', path, headers }, (reply) => this.#guarded(() => this.#onReply(upstream, reply)))
  }

  #onReply(upstream: Socket, reply: Reply): void {
    if (this.#over || this.#deadline === null) return
    this.#deadline.cancel()
    this.#deadline = null
    if (reply.kind === 'answered') return this.#relay(reply.head)
    if (reply.kind === 'switched' && isAnswerTo(reply.head, this.#wanted.protocols))
      return this.#switch(upstream, reply)
    upstream.destroy()
    const code = reply.kind === 'failed' ? reply.code : 'http_protocol_error'
    this.#record({ kind: 'failed', code, status: null, sent: true })
    this.#refuse(code)
  }

  /** Both sides agree. */
  #switch(upstream: Socket, { head, early }: Extract<Reply, { kind: 'switched' }>): void {
    const { socket, response } = this.#client
    const { timers } = this.#services
    this.#record({ kind: 'served', status: 101 })
    this.#firstByteAt = timers.now()
    response.detachSocket(socket)
    socket.write(
      switchingHead(this.#headers(head, ['connection', 'Upgrade', 'upgrade', head.headers.upgrade!])),
      'latin1',
    )
    if (early.length > 0) socket.write(early)
    for (const chunk of this.#early.take()) upstream.write(chunk)
    const { idleTimeout: halfClosedIdle, sendTimeout } = this.#wanted.admitted.generation.snapshot.limits
    const splice = new Splice(socket, upstream, {
      timers,
      halfClosedIdle,
      sendTimeout,
      onEnd: () => this.#finish({ status: 101, bytes: splice.bytes + early.length }),
    })
    this.#splice = splice
  }

  /** The upstream answers as to any request: so does the gateway, and closes. */
  #relay(answer: IncomingMessage): void {
    const status = answer.statusCode!
    const { timers } = this.#services
    this.#early.discard()
    this.#record({ kind: 'served', status })
    this.#firstByteAt = timers.now()
    this.#cancel = () => answer.destroy()
    const onEnd = (error: ErrorCode | null) => {
      const aborted = error !== null && error !== 'client_gone'
      this.#finish({ status, bytes: this.#writer.bytes, error, aborted })
    }
    this.#writer.head(status, this.#headers(answer, ['connection', 'close']))
    relayBody(answer, this.#writer, { timers, bodyIdle: this.#policy.retry.bodyIdleTimeout, onEnd })
  }

  #headers(head: IncomingMessage, own: readonly string[]): string[] {
    const timing = serverTiming(this.#endpoint, this.#services.timers.now() - this.#attemptAt)
    const answer = { status: head.statusCode!, rawHeaders: head.rawHeaders }
    return answerHeaders(this.#wanted.admitted, this.#endpoint, answer, [...timing, ...own])
  }

  #refuse(code: ErrorCode): void {
    this.#early.discard()
    const message =
      code === 'shutting_down' ? 'this gateway is shutting down' : 'the origin could not be reached for this'
    const status = refuse(this.#writer, { code, message, method: 'GET', records: this.#records, close: true })
    this.#finish({ status, bytes: this.#writer.bytes, error: code })
  }

  #onClientGone(): void {
    if (this.#over) return
    this.#cancel()
    this.#client.socket.destroy()
    const answered = this.#records.at(-1)?.outcome.kind === 'served'
    if (!answered) this.#record({ kind: 'aborted' })
    this.#finish({ status: CLIENT_GONE, bytes: this.#writer.bytes, error: 'client_gone' })
  }

  #record(outcome: Outcome): void {
    this.#records.push({ endpoint: this.#endpoint, outcome, ms: this.#services.timers.now() - this.#attemptAt })
  }

  #finish({ status, bytes, error = null, aborted = false }: End): void {
    if (this.#over) return
    this.#over = true
    this.#deadline?.cancel()
    const served = this.#records.at(-1)?.outcome.kind === 'served'
    if (served && this.#endpoint.cdn !== null) meterTunnel(this.#services, this.#wanted.admitted, this.#endpoint, bytes)
    record(this.#services, this.#client, this.#wanted.admitted, {
      status,
      bytes,
      firstByteMs: this.#firstByteAt === null ? null : this.#firstByteAt - this.#client.startedAt,
      servedBy: served ? this.#endpoint : null,
      reason: served && this.#endpoint.cdn === null ? 'origin' : null,
      decision: null,
      resumes: [],
      cache: null,
      attempts: this.#records,
      error,
      aborted,
    })
    this.#onEnd()
  }
}

/** RFC 9110 section 8.6: a 1xx has no Content-Length. */
function switchingHead(headers: readonly string[]): string {
  let text = 'HTTP/1.1 101 Switching Protocols\r\n'
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i]!.toLowerCase() !== 'content-length') text += `${headers[i]}: ${headers[i + 1]}\r\n`
  }
  return `${text}\r\n`
}
