import { createHash } from 'node:crypto'
import type { Endpoint, HealthCheck } from '../config/snapshot.ts'
import { Attempt, type AttemptListener } from '../delivery/attempt.ts'
import type { Deadline } from '../delivery/deadlines.ts'
import type { Timers } from '../delivery/timers.ts'
import type { Transport } from '../delivery/transport.ts'
import { plan } from '../providers/index.ts'
import { signedTarget } from '../signing/signed-url.ts'

/** Spread of the pause between two checks, so that gateways and endpoints fall out of step. */
const JITTER = 0.1
/** A longer body is no body of a health check. Bytes. */
const MAX_BODY = 8 * 1024 * 1024

export interface ProbeOptions {
  readonly endpoint: Endpoint
  readonly check: HealthCheck
  readonly timers: Timers
  /** Uniform in [0, 1). */
  random(): number
  transport(): Transport
  /** `ms`: from the request to the head of the answer where the check passed; null where it did not. */
  onResult(passed: boolean, ms: number | null): void
}

/** Asks one endpoint again and again whether it is well, until it is stopped. */
export class Probe {
  readonly check: HealthCheck
  readonly #options: ProbeOptions
  #next: Deadline | null = null
  #attempt: Attempt | null = null
  #deadline: Deadline | null = null
  #stopped = false

  constructor(options: ProbeOptions) {
    this.#options = options
    this.check = options.check
    this.#schedule(options.random() * Math.min(options.check.interval, 1000))
  }

  stop(): void {
    this.#stopped = true
    this.#next?.cancel()
    this.#deadline?.cancel()
    this.#attempt?.cancel()
  }

  #schedule(ms: number): void {
    this.#next = this.#options.timers.after(ms, () => this.#ask())
  }

  #ask(): void {
    const { endpoint, check, timers, transport } = this.#options
    const timeouts = { connect: check.timeout, head: check.timeout, bodyIdle: check.timeout }
    this.#attempt = new Attempt(endpoint, timeouts, timers, this.#listener())
    this.#deadline = timers.after(check.timeout, () => this.#giveUp())
    const host = endpoint.hostHeader ?? new URL(endpoint.origin).host
    const headers = ['host', host, 'user-agent', 'polycdn-health-check', 'accept', '*/*', 'accept-encoding', 'identity']
    const path = signedTarget(endpoint, { target: plan(endpoint, check.path), now: Date.now() }, host)
    transport().dispatch(endpoint, { method: 'GET', path, headers, host: hostName(host) }, this.#attempt)
  }

  #listener(): AttemptListener {
    const { expectedStatus, expectedSha256 } = this.check
    const hash = createHash('sha256')
    let bytes = 0
    let waited = 0
    return {
      onHead: ({ status }) => {
        waited = this.#attempt!.waited
        const expected = expectedStatus.includes(status)
        if (expected && expectedSha256 !== null) return
        this.#attempt!.discard()
        this.#result(expected, waited)
      },
      onData: (chunk) => {
        bytes += chunk.length
        hash.update(chunk)
        if (bytes > MAX_BODY) this.#giveUp()
        return true
      },
      onEnd: () => this.#result(hash.digest('hex') === expectedSha256, waited),
      onFailure: () => this.#result(false),
    }
  }

  /** The time for the head, and for the body where it matters, is over; or the body does not end. */
  #giveUp(): void {
    this.#attempt!.cancel()
    this.#result(false)
  }

  #result(passed: boolean, waited = 0): void {
    if (this.#stopped) return
    this.#deadline!.cancel()
    this.#options.onResult(passed, passed ? waited : null)
    if (this.#stopped) return
    const { random } = this.#options
    this.#schedule(this.check.interval * (1 - JITTER + 2 * JITTER * random()))
  }
}

function hostName(host: string): string {
  return host.replace(/:\d+$/, '')
}
