import type { Endpoint } from '../config/snapshot.ts'
import type { Ask, AskedEndpoint, Reply } from '../providers/proof.ts'
import { Attempt, type AttemptTimeouts, type ResponseHead } from './attempt.ts'
import { fieldOf } from './head.ts'
import { PulledBody } from './pulled-body.ts'
import { dispatchFollowing } from './redirect-hop.ts'
import type { Timers } from './timers.ts'
import type { Transport, UpstreamRequest } from './transport.ts'
import { UpstreamFailure } from './upstream-failure.ts'
import { spend } from './wire/read-buffers.ts'

export interface PulledUpstreamOptions {
  readonly transport: Transport
  readonly endpoint: Endpoint
  readonly timers: Timers
  readonly timeouts: AttemptTimeouts
  /** How this endpoint is asked: nothing of the client goes there. */
  readonly request: (ask: Ask) => UpstreamRequest
  readonly onReceived: (bytes: number) => void
}

/** An endpoint whose answers are pulled: what verifies them asks again and again, for parts and for proofs. */
export class PulledUpstream implements AskedEndpoint {
  readonly #options: PulledUpstreamOptions
  /** What is under way, and how it is given up. */
  readonly #running = new Map<Attempt, () => void>()
  #first: Attempt | null = null
  #hops = 0
  #cancelled = false

  constructor(options: PulledUpstreamOptions) {
    this.#options = options
  }

  get key(): string {
    return this.#options.endpoint.key
  }

  /** Whether anything was asked. */
  get asked(): boolean {
    return this.#first !== null
  }

  /** Milliseconds since a connection took its first request; 0 before that. */
  get waited(): number {
    return this.#first?.waited ?? 0
  }

  /** Redirects that were followed, for all that was asked. */
  get hops(): number {
    return this.#hops
  }

  /** Ends everything that is under way; nothing more is asked. */
  cancel(): void {
    this.#cancelled = true
    for (const [attempt, giveUp] of this.#running) {
      attempt.cancel()
      giveUp()
    }
  }

  ask(ask: Ask): Promise<Reply> {
    const { transport, endpoint, timers, timeouts, request, onReceived } = this.#options
    if (this.#cancelled) return Promise.reject(new UpstreamFailure('client_gone', false))
    return new Promise((resolve, reject) => {
      let head: ResponseHead | null = null
      const body = new PulledBody(() => attempt)
      const end = (failure: UpstreamFailure | null) => {
        this.#running.delete(attempt)
        this.#hops += attempt.hops
        body.finish(failure)
        if (head === null) reject(failure!)
      }
      const attempt: Attempt = new Attempt(endpoint, timeouts, timers, {
        onReceived,
        onHead: (answer) => {
          head = answer
          resolve({ status: head.status, header: (name) => fieldOf(answer, name), body, spend })
        },
        onData: (chunk) => body.push(chunk),
        onEnd: () => end(null),
        onFailure: (code, sent) => end(new UpstreamFailure(code, sent)),
      })
      this.#first ??= attempt
      // Others may wait for the same answer: what a name leads to is looked up once for all who ask.
      this.#running.set(attempt, () => end(new UpstreamFailure('client_gone', true)))
      dispatchFollowing(transport, endpoint, request(ask), attempt)
    })
  }
}
