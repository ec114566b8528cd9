import type { Endpoint } from '../config/snapshot.ts'
import type { ErrorCode } from '../errors.ts'
import type { Deadline } from './deadlines.ts'
import { isSound } from './response-head.ts'
import type { Timers } from './timers.ts'
import { upstreamErrorCode } from './upstream-error.ts'
import type { AnswerHandler } from './wire/answer-handler.ts'

/** The head of an upstream's answer. `rawHeaders` is a flat list of names and values as received. */
export interface ResponseHead {
  readonly status: number
  readonly rawHeaders: readonly Buffer[]
}

/** What an answer said that was refused before anybody saw its head. */
export interface Refused {
  readonly status: number
  /** How long it asked to be left alone. Milliseconds. */
  readonly retryAfter: number
}

/** Who started an Attempt hears what becomes of it. After `onEnd` or `onFailure` nothing more comes. */
export interface AttemptListener {
  /** An interim answer, before the head (RFC 9110 section 15.2). */
  onInterim?(head: ResponseHead): void
  /** The head has arrived and is well-formed. */
  onHead(head: ResponseHead): void
  /** A piece of the body; false pauses until `resume`. */
  onData(chunk: Buffer): boolean
  /** The body is complete. */
  onEnd(): void
  /** `sent`: whether the request may have reached the endpoint. */
  onFailure(code: ErrorCode, sent: boolean, refused?: Refused): void
  /** Bytes have arrived, of a head or a body, whatever becomes of them; also after the end. */
  onReceived?(bytes: number): void
}

/** Milliseconds: to the connection, to the response head, between two pieces of the body. */
export interface AttemptTimeouts {
  readonly connect: number
  readonly head: number
  readonly bodyIdle: number
}

/** RFC 9110 section 15.2 lets any number of interim answers come; each would keep us waiting a little longer. */
const MAX_INTERIM = 8
/** What is read and thrown away of a refused answer's body, to keep its connection. */
const MAX_DISCARDED = 64 * 1024

/** A try that is under way, for whoever waits for its answer. */
export interface Running {
  readonly startedAt: number
  /** Whether its answer came from the endpoint: what is proved already needs nobody, and says nothing of anybody. */
  readonly asked: boolean
  /** Redirects that were followed on its way. */
  readonly hops: number
  /** Milliseconds since a connection took the request; 0 before that. */
  readonly waited: number
  /** Whether nobody but the listener holds what it hands over. */
  readonly holdsNothing: boolean
  /** Stops without a word to the listener. */
  cancel(): void
  /** Gives up on an answer whose head was refused, and keeps its connection where that is cheap. */
  discard(): void
  /** The client takes more: ends the pause that a false `onData` began. */
  resume(): void
}

/** One try at one Endpoint: with deadlines of its own. */
export class Attempt implements Running, AnswerHandler {
  readonly endpoint: Endpoint
  readonly startedAt: number
  readonly asked = true
  readonly holdsNothing = true
  /** Redirects that were followed on its way. */
  hops = 0
  #sentAt: number | null = null
  readonly #timers: Timers
  readonly #timeouts: AttemptTimeouts
  readonly #listener: AttemptListener
  #deadline: Deadline | null = null
  #abort: ((reason?: Error) => void) | null = null
  #resume: (() => void) | null = null
  #interim = 0
  #status = 0
  #received = 0
  #lastActivity = 0
  #paused = false
  #discarding = false
  #over = false

  constructor(endpoint: Endpoint, timeouts: AttemptTimeouts, timers: Timers, listener: AttemptListener) {
    this.endpoint = endpoint
    this.#timeouts = timeouts
    this.#timers = timers
    this.#listener = listener
    this.startedAt = timers.now()
    this.#expireAfter(Math.min(timeouts.connect, timeouts.head), 'connection_timeout')
  }

  /** Milliseconds since a connection took the request; 0 before that. A new connection does not make an endpoint slow. */
  get waited(): number {
    return this.#sentAt === null ? 0 : this.#timers.now() - this.#sentAt
  }

  /** Nobody listens any more. */
  get over(): boolean {
    return this.#over
  }

  /** Stops without a word to the listener. */
  cancel(): void {
    if (this.#over) return
    this.#finish()
    this.#abort?.()
  }

  /** Gives up on an answer whose head was refused; a short body is read to its end so that the connection lives. */
  discard(): void {
    if (this.#over) return
    this.#discarding = true
    // For all of it: an endpoint that drips would else keep its connection for days.
    this.#expireAfter(this.#timeouts.bodyIdle, 'http_response_timeout')
    this.resume()
  }

  /** The client takes more: ends the pause that a false `onData` began. */
  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#lastActivity = this.#timers.now()
    this.#resume?.()
  }

  /** Counts bytes that came for this attempt. */
  received(bytes: number): void {
    this.#listener.onReceived?.(bytes)
  }

  onDial(abort: (reason?: Error) => void): void {
    this.#abort = abort
    if (this.#over) abort()
  }

  onConnect(abort: (reason?: Error) => void): void {
    this.#abort = abort
    if (this.#over) return abort()
    this.#sentAt ??= this.#timers.now()
    this.#expireAfter(this.startedAt + this.#timeouts.head - this.#timers.now(), 'http_response_timeout')
  }

  onHeaders(status: number, rawHeaders: Buffer[], resume: () => void): boolean {
    this.received(headLength(rawHeaders))
    if (this.#over) return false
    // A switch of protocols is nothing that an Attempt asks for: RFC 9110 section 15.2.2.
    if (status === 101 || !isSound({ status, rawHeaders })) {
      this.#fail('http_protocol_error')
      return false
    }
    if (status < 200) return this.#onInterim({ status, rawHeaders })
    this.#status = status
    this.#resume = resume
    this.#lastActivity = this.#timers.now()
    this.#watchBody()
    this.#listener.onHead({ status, rawHeaders })
    return !this.#paused
  }

  onData(chunk: Buffer): boolean {
    this.received(chunk.length)
    if (this.#over) return false
    // undici flushes its parser with an empty chunk when the connection ends, and may not be paused by it.
    if (chunk.length === 0) return true
    this.#received += chunk.length
    this.#lastActivity = this.#timers.now()
    if (this.#discarding) {
      if (this.#received > MAX_DISCARDED) this.cancel()
      return true
    }
    if (!this.#listener.onData(chunk)) this.#paused = true
    return !this.#paused
  }

  onComplete(): void {
    if (this.#over) return
    this.#finish()
    if (!this.#discarding) this.#listener.onEnd()
  }

  onError(error: Error): void {
    if (this.#over) return
    const code = upstreamErrorCode(error)
    if (code === 'http_response_incomplete' && this.#received === 0 && hasNoBody(this.#status)) return this.onComplete()
    this.#fail(this.#status !== 0 && code === 'connection_terminated' ? 'http_response_incomplete' : code)
  }

  #onInterim(head: ResponseHead): boolean {
    if (++this.#interim > MAX_INTERIM) {
      this.#fail('http_protocol_error')
      return false
    }
    // RFC 9110 section 15.2.1: whoever expects a 100 has ours.
    if (head.status !== 100) this.#listener.onInterim?.(head)
    return true
  }

  #fail(code: ErrorCode): void {
    this.#finish()
    this.#abort?.()
    if (!this.#discarding) this.#listener.onFailure(code, this.#sentAt !== null)
  }

  #finish(): void {
    this.#over = true
    this.#deadline?.cancel()
    this.#deadline = null
  }

  #expireAfter(ms: number, code: ErrorCode): void {
    this.#deadline?.cancel()
    this.#deadline = this.#timers.after(ms, () => this.#fail(code))
  }

  /** One deadline watches the whole body: it looks when the last piece came instead of being reset by each. */
  #watchBody(): void {
    this.#deadline?.cancel()
    const idle = this.#paused ? 0 : this.#timers.now() - this.#lastActivity
    const check = () => {
      const silent = !this.#paused && this.#timers.now() - this.#lastActivity >= this.#timeouts.bodyIdle
      if (silent) this.#fail('http_response_timeout')
      else this.#watchBody()
    }
    this.#deadline = this.#timers.after(this.#timeouts.bodyIdle - idle, check)
  }
}

/** `HTTP/1.1 200 OK`, an empty line, and `: ` and a line end for each field (RFC 9112 section 2.1). */
function headLength(rawHeaders: readonly Buffer[]): number {
  let length = 19
  for (const part of rawHeaders) length += part.length + 2
  return length
}

/** RFC 9110 section 6.4.1. */
function hasNoBody(status: number): boolean {
  return status === 204 || status === 304
}
