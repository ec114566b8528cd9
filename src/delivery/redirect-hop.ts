import type { Endpoint } from '../config/snapshot.ts'
import type { Attempt } from './attempt.ts'
import { hopHeaders } from './hop-headers.ts'
import { isRedirect, mayFollow, resolveLocation } from './redirect-target.ts'
import type { Transport, UpstreamRequest } from './transport.ts'
import type { AnswerHandler } from './wire/answer-handler.ts'

const MAX_HOPS = 2
/** What is read of a redirect's body to keep its connection. Bytes. */
const MAX_DISCARDED = 64 * 1024

/** The parts of an attempt that outlive a hop. */
interface Journey {
  readonly transport: Transport
  readonly endpoint: Endpoint
  readonly request: UpstreamRequest
  readonly attempt: Attempt
}

/**
 * Sends a GET or HEAD to an endpoint and, where that redirects to one of its Cdn's `redirect_hosts`, on to there: at
 * most twice, within the deadlines of the attempt. A redirect that is not followed is the attempt's answer.
 */
export function dispatchFollowing(
  transport: Transport,
  endpoint: Endpoint,
  request: UpstreamRequest,
  attempt: Attempt,
): void {
  if (endpoint.cdn === null || endpoint.cdn.redirectHosts.length === 0) {
    return transport.dispatch(endpoint, request, attempt)
  }
  transport.dispatch(
    endpoint,
    request,
    new Leg({ transport, endpoint, request, attempt }, targetUri(endpoint, request), null),
  )
}

/** One request of such a journey. Tells the attempt everything, until it goes on itself. */
class Leg implements AnswerHandler {
  readonly #journey: Journey
  readonly #uri: string
  /** The leg before, whose body may still be coming. */
  #previous: Leg | null
  #abort: (() => void) | null = null
  #followed = false
  #discarded = 0

  constructor(journey: Journey, uri: string, previous: Leg | null) {
    this.#journey = journey
    this.#uri = uri
    this.#previous = previous
  }

  onDial(abort: (reason?: Error) => void): void {
    this.#abort = abort
    this.#journey.attempt.onDial(abort)
  }

  onConnect(abort: (reason?: Error) => void): void {
    this.#abort = abort
    this.#journey.attempt.onConnect(abort)
  }

  onHeaders(status: number, rawHeaders: Buffer[], resume: () => void): boolean {
    this.#leavePrevious()
    const { attempt, endpoint } = this.#journey
    if (!isRedirect(status) || attempt.over) return attempt.onHeaders(status, rawHeaders, resume)
    const to = resolveLocation(locationOf(rawHeaders), this.#uri)
    if (to !== null && attempt.hops < MAX_HOPS && mayFollow(to, this.#uri, endpoint.cdn!.redirectHosts)) {
      attempt.received(sizeOf(rawHeaders))
      this.#follow(to)
      return true
    }
    return attempt.onHeaders(status, attempt.hops === 0 ? rawHeaders : withLocation(rawHeaders, to), resume)
  }

  onData(chunk: Buffer): boolean {
    if (!this.#followed) return this.#journey.attempt.onData(chunk)
    this.#discarded += chunk.length
    this.#journey.attempt.received(chunk.length)
    if (this.#discarded > MAX_DISCARDED) this.#abort?.()
    return true
  }

  onComplete(): void {
    this.#abort = null
    if (!this.#followed) this.#journey.attempt.onComplete()
  }

  onError(error: Error): void {
    this.#abort = null
    this.#leavePrevious()
    if (!this.#followed) this.#journey.attempt.onError(error)
  }

  #follow(to: URL): void {
    const { transport, endpoint, request, attempt } = this.#journey
    this.#followed = true
    attempt.hops++
    const hop = { ...request, path: to.pathname + to.search, headers: hopHeaders(request.headers, to.host) }
    transport.dispatchHop(endpoint, to, hop, new Leg(this.#journey, to.href, this))
  }

  /** Whoever redirects and never ends its body has had as long as the next one took. */
  #leavePrevious(): void {
    const previous = this.#previous
    if (previous !== null) previous.#abort?.()
    this.#previous = null
  }
}

function sizeOf(rawHeaders: readonly Buffer[]): number {
  return rawHeaders.reduce((sum, part) => sum + part.length, 0)
}

/** The URI that was asked for: RFC 9110 section 7.1. Its host is what the endpoint was told, not who was dialled. */
function targetUri({ origin }: Endpoint, { headers, path }: UpstreamRequest): string {
  const at = headers.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === 'host')
  const scheme = origin.slice(0, origin.indexOf('//') + 2)
  return at === -1 ? origin + path : scheme + headers[at + 1]! + path
}

/** Empty where there is none, and where several disagree about where to go. */
function locationOf(rawHeaders: readonly Buffer[]): string {
  const values = rawHeaders.filter((_, index) => index % 2 === 1 && isLocation(rawHeaders[index - 1]!))
  return values.length === 1 ? values[0]!.toString('latin1') : ''
}

/** Behind a hop a relative Location would mean a place at our host. */
function withLocation(rawHeaders: readonly Buffer[], to: URL | null): Buffer[] {
  const others = rawHeaders.filter((_, index) => !isLocation(rawHeaders[index - (index % 2)]!))
  return to === null ? others : [...others, Buffer.from('location'), Buffer.from(to.href)]
}

function isLocation(name: Buffer): boolean {
  return name.length === 8 && name.toString('latin1').toLowerCase() === 'location'
}
