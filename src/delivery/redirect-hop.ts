import type { Dispatcher } from 'undici'
import type { Endpoint } from '../config/snapshot.ts'
import type { Attempt } from './attempt.ts'
import { isRedirect, mayFollow, resolveLocation } from './redirect-target.ts'
import type { Transport, UpstreamRequest } from './transport.ts'

const MAX_HOPS = 2
/** What is read of a redirect's body to keep its connection. Bytes. */
const MAX_DISCARDED = 64 * 1024

/**
 * What another host may know of a request: what the answer depends on, and where the request has been. No cookies, no
 * Authorization, no word about the client, and none of the secrets that header rules put in for the CDN.
 */
const FOR_OTHERS = new Set([
  'accept',
  'accept-encoding',
  'accept-language',
  'cache-control',
  'cdn-loop',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'pragma',
  'range',
  'user-agent',
  'via',
])

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
export function dispatchFollowing(journey: Journey): void {
  const { transport, endpoint, request, attempt } = journey
  if (endpoint.cdn === null || endpoint.cdn.redirectHosts.length === 0) {
    return transport.dispatch(endpoint, request, attempt)
  }
  transport.dispatch(endpoint, request, new Leg(journey, targetUri(endpoint, request), null))
}

/** One request of such a journey. Tells the attempt everything, until it goes on itself. */
class Leg implements Dispatcher.DispatchHandler {
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

  onConnect(abort: (reason?: Error) => void): void {
    this.#abort = abort
    this.#journey.attempt.onConnect(abort)
  }

  onHeaders(status: number, rawHeaders: Buffer[], resume: () => void): boolean {
    this.#leavePrevious()
    const { attempt } = this.#journey
    const at = isRedirect(status) && !attempt.over ? locationIndex(rawHeaders) : -1
    const to = at === -1 ? null : resolveLocation(rawHeaders[at]!.toString('latin1'), this.#uri)
    if (to === null) return attempt.onHeaders(status, rawHeaders, resume)
    if (attempt.hops < MAX_HOPS && mayFollow(to, this.#uri, this.#journey.endpoint.cdn!.redirectHosts)) {
      this.#follow(to)
      return true
    }
    // Behind a hop a relative Location would mean a place at our host.
    const told = attempt.hops === 0 ? rawHeaders : rawHeaders.with(at, Buffer.from(to.href))
    return attempt.onHeaders(status, told, resume)
  }

  onData(chunk: Buffer): boolean {
    if (!this.#followed) return this.#journey.attempt.onData(chunk)
    this.#discarded += chunk.length
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

/** The URI that was asked for: RFC 9110 section 7.1. Its host is what the endpoint was told, not who was dialled. */
function targetUri({ origin }: Endpoint, { headers, path }: UpstreamRequest): string {
  const at = headers.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === 'host')
  const scheme = origin.slice(0, origin.indexOf('//') + 2)
  return at === -1 ? origin + path : scheme + headers[at + 1]! + path
}

/** Where the value of the only Location stands; -1: there is none, or several that disagree about where to go. */
function locationIndex(rawHeaders: readonly Buffer[]): number {
  let found = -1
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]!.length !== 8 || rawHeaders[i]!.toString('latin1').toLowerCase() !== 'location') continue
    if (found !== -1) return -1
    found = i + 1
  }
  return found
}

function hopHeaders(headers: readonly string[], host: string): string[] {
  const kept = ['host', host]
  for (let i = 0; i < headers.length; i += 2) {
    if (FOR_OTHERS.has(headers[i]!.toLowerCase())) kept.push(headers[i]!, headers[i + 1]!)
  }
  return kept
}
