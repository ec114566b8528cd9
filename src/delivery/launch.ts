import type { Endpoint } from '../config/snapshot.ts'
import type { Asked } from './asked-part.ts'
import { Attempt, type AttemptListener, type AttemptTimeouts, type ResponseHead, type Running } from './attempt.ts'
import type { Job } from './job.ts'
import { PulledUpstream } from './pulled-upstream.ts'
import { dispatchFollowing } from './redirect-hop.ts'
import type { Part } from './resume.ts'
import type { Timers } from './timers.ts'
import type { Transport } from './transport.ts'
import { VerifiedAttempt } from './verified-attempt.ts'

/** A try that is made, and then sent: whoever makes it has to know it before it can answer. */
export interface Launch {
  begin(listener: AttemptListener): Running
  send(): void
}

/** What a try costs: a proof is made of several requests, or of none. */
export interface LaunchMeter {
  /** A request goes to the endpoint. */
  sent(): void
  /** Bytes have arrived. */
  received(bytes: number): void
}

export interface LaunchOptions {
  readonly transport: Transport
  readonly timers: Timers
  readonly job: Job
  readonly endpoint: Endpoint
  readonly timeouts: AttemptTimeouts
  /** What is missing of a body that broke off; null: the client's own request. */
  readonly part: Part | null
  readonly meter: LaunchMeter
}

/** A try that passes bytes on as they come, or one that proves them, where the endpoint's have to be proved. */
export function launch(options: LaunchOptions): Launch {
  const { transport, timers, job, endpoint, timeouts, part, meter } = options
  const onReceived = (bytes: number) => meter.received(bytes)
  const proof = job.proof(endpoint)
  if (proof === null) {
    // What comes for the rest of a body comes behind the head that the client has.
    const onInterim = (head: ResponseHead) => (part === null ? job.interim(endpoint, head) : undefined)
    let attempt: Attempt
    return {
      begin: (listener) => {
        attempt = new Attempt(endpoint, timeouts, timers, { onReceived, onInterim, ...listener })
        return attempt
      },
      send: () => {
        meter.sent()
        dispatchFollowing(transport, endpoint, job.request(endpoint, part), attempt)
      },
    }
  }
  const request = (ask: Parameters<Job['ask']>[1]) => {
    meter.sent()
    return job.ask(endpoint, ask)
  }
  const upstream = new PulledUpstream({ transport, endpoint, timers, timeouts, request, onReceived })
  const trusted = endpoint.cdn?.trust ?? true
  const asked = part === null ? job.asked : askedFor(part)
  let attempt: VerifiedAttempt
  return {
    begin: (listener) => {
      const onProved = (bytes: number) => job.proved(endpoint, bytes)
      const verified = { proof, upstream, asked, trusted, timeouts, timers, epoch: Date.now, onProved }
      attempt = new VerifiedAttempt(verified, listener)
      return attempt
    },
    send: () => attempt.start(),
  }
}

/** Only a body of GET can break off. */
function askedFor({ range, ifRange }: Part): Asked {
  const fields = new Map([
    ['range', range],
    ['if-range', ifRange],
  ])
  return { method: 'GET', header: (name) => fields.get(name) ?? null }
}
