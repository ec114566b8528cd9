import { createHash } from 'node:crypto'
import type { Endpoint } from '../../config/snapshot.ts'
import { Attempt, type AttemptListener, type AttemptTimeouts, type ResponseHead } from '../../delivery/attempt.ts'
import type { Failure, Whole } from '../../delivery/compare.ts'
import { isChallenge, representationOf } from '../../delivery/head.ts'
import { dispatchFollowing } from '../../delivery/redirect-hop.ts'
import type { Part, Representation } from '../../delivery/resume.ts'
import type { Timers } from '../../delivery/timers.ts'
import type { ErrorCode } from '../../errors.ts'
import { askedPath } from '../../http/asked-path.ts'
import type { Admitted } from '../../http/exchange.ts'
import { upstreamHeaders } from '../../http/headers.ts'

/** One visitor's request, to be put to every endpoint. */
export interface Inquiry {
  readonly admitted: Admitted
  readonly timers: Timers
  /** Bytes of a body that are read. */
  readonly maxBytes: number
  /** Milliseconds for one answer, its body included. */
  readonly timeout: number
}

export type TimedWhole = Whole & { readonly firstByteMs: number }

/** Asks for the whole object, and reads it as far as `maxBytes`. */
export function askWhole(inquiry: Inquiry, endpoint: Endpoint): Promise<TimedWhole | Failure> {
  const { timers, maxBytes } = inquiry
  const hash = createHash('sha256')
  let bytes = 0
  let answer: { readonly head: ResponseHead; readonly firstByteMs: number } | null = null
  const whole = (complete: boolean): TimedWhole => {
    const { head, firstByteMs } = answer!
    const representation = representationOf(head)
    return {
      representation,
      cacheControl: cacheControlOf(head),
      bytes,
      complete,
      sha256: hash.digest('hex'),
      firstByteMs,
    }
  }
  return ask(inquiry, endpoint, upstreamHeaders(inquiry.admitted, endpoint, 'answer'), (attempt, settle) => ({
    onHead: (head) => {
      answer = { head, firstByteMs: timers.now() - attempt().startedAt }
      if (!isChallenge(head)) return
      attempt().discard()
      settle({ failure: 'challenged' })
    },
    onData: (chunk) => {
      const wanted = chunk.subarray(0, maxBytes - bytes)
      hash.update(wanted)
      bytes += wanted.length
      if (wanted.length < chunk.length) {
        attempt().cancel()
        settle(whole(false))
      }
      return true
    },
    onEnd: () => settle(whole(true)),
  }))
}

/** Asks for the rest as the gateway does in the middle of a body; without If-Range where that is null. */
export function askPart(
  inquiry: Inquiry,
  endpoint: Endpoint,
  { range, ifRange }: { readonly range: string; readonly ifRange: string | null },
): Promise<Representation | Failure> {
  const wanted: Part | 'answer' = ifRange === null ? 'answer' : { range, ifRange }
  const headers = upstreamHeaders(inquiry.admitted, endpoint, wanted)
  if (ifRange === null) headers.push('range', range)
  return ask(inquiry, endpoint, headers, (attempt, settle) => ({
    onHead: (head) => {
      attempt().discard()
      settle(isChallenge(head) ? { failure: 'challenged' } : representationOf(head))
    },
    onData: () => true,
    onEnd: () => {},
  }))
}

type Settle<T> = (result: T | Failure) => void
/** The rest of the listener: failures are the same for all. */
type Listen<T> = (attempt: () => Attempt, settle: Settle<T>) => Omit<AttemptListener, 'onFailure'>

function ask<T>(inquiry: Inquiry, endpoint: Endpoint, headers: string[], listen: Listen<T>): Promise<T | Failure> {
  const { admitted, timers, timeout } = inquiry
  const { host, generation } = admitted
  return new Promise((resolve) => {
    let attempt: Attempt
    const settle: Settle<T> = (result) => {
      deadline.cancel()
      resolve(result)
    }
    const fail = (failure: ErrorCode) => settle({ failure })
    // Attempt watches for silence only: an endpoint that drips would keep us for days.
    const deadline = timers.after(timeout, () => {
      attempt.cancel()
      fail('http_response_timeout')
    })
    attempt = new Attempt(endpoint, timeoutsOf(admitted, endpoint), timers, {
      ...listen(() => attempt, settle),
      onFailure: fail,
    })
    const path = askedPath(admitted, endpoint, Date.now())
    const request = { method: 'GET', path, headers, host: host.name }
    dispatchFollowing(generation.transport, endpoint, request, attempt)
  })
}

function timeoutsOf({ site, route }: Admitted, endpoint: Endpoint): AttemptTimeouts {
  const { connectTimeout: connect, perTryTimeout, bodyIdleTimeout: bodyIdle } = route.policy.retry
  return { connect, head: endpoint.cdn === null ? site.origin!.timeout : perTryTimeout, bodyIdle }
}

/** A list, so several lines are one value: RFC 9110 section 5.3. */
function cacheControlOf({ rawHeaders }: ResponseHead): string | null {
  const lines: string[] = []
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const isIt = rawHeaders[i]!.toString('latin1').toLowerCase() === 'cache-control'
    if (isIt) lines.push(rawHeaders[i + 1]!.toString('latin1').trim())
  }
  return lines.length === 0 ? null : lines.join(', ')
}
