import type { Endpoint } from '../../../src/config/snapshot.ts'
import {
  Attempt,
  type AttemptListener,
  type AttemptTimeouts,
  type ResponseHead,
} from '../../../src/delivery/attempt.ts'
import type { Surroundings } from '../../../src/delivery/connect-options.ts'
import { Timers } from '../../../src/delivery/timers.ts'
import { Transport, type UpstreamRequest } from '../../../src/delivery/transport.ts'
import type { ErrorCode } from '../../../src/errors.ts'
import type { Scope } from '../../helpers/scope.ts'
import type { ScriptedUpstream } from '../../helpers/scripted-upstream.ts'
import { until } from '../../helpers/wait.ts'
import { makeEndpoint } from '../../steering/support/build.ts'

/** An endpoint of a Cdn of this name that dials the URL, with TLS settings where it is https. */
export function dialling(name: string, url: string, over: Partial<Endpoint> = {}): Endpoint {
  const { origin, hostname } = new URL(url)
  const secure = url.startsWith('https:')
  const tls = secure ? { serverName: hostname, verify: true, ca: null, clientCertificate: null } : null
  return makeEndpoint(name, {}, { key: `${name}|${origin}`, url: origin, origin, tls, ...over })
}

export function makeTimers(scope: Scope): Timers {
  const timers = new Timers((error) => {
    throw error
  })
  scope.teardown(() => timers.close())
  return timers
}

export function makeTransport(
  scope: Scope,
  endpoints: readonly Endpoint[],
  previous?: Transport,
  surroundings?: Surroundings,
) {
  const transport = new Transport(endpoints, previous, surroundings)
  scope.teardown(() => transport.destroy())
  return transport
}

export function makeRequest(over: Partial<UpstreamRequest> = {}): UpstreamRequest {
  const host = over.host ?? 'www.test'
  return { method: 'GET', path: '/', headers: ['host', host], host, ...over }
}

/** Milliseconds, long enough never to matter where a test does not mean them to. */
export const PATIENT: AttemptTimeouts = { connect: 20_000, head: 20_000, bodyIdle: 20_000 }

/** Writes down what an Attempt tells. */
export class Recorder implements AttemptListener {
  head: ResponseHead | null = null
  readonly chunks: Buffer[] = []
  /** `end`, or the code of the failure. */
  outcome: ErrorCode | 'end' | null = null
  sent: boolean | null = null
  /** Calls after the outcome: there must be none. */
  late = 0
  onHeadDo: () => void = () => {}
  /** What a piece of the body is answered with. */
  accept: (chunk: Buffer) => boolean = () => true

  get body(): string {
    return Buffer.concat(this.chunks).toString('latin1')
  }

  onHead(head: ResponseHead): void {
    this.#check()
    this.head = head
    this.onHeadDo()
  }

  onData(chunk: Buffer): boolean {
    this.#check()
    this.chunks.push(chunk)
    return this.accept(chunk)
  }

  onEnd(): void {
    this.#check()
    this.outcome = 'end'
  }

  onFailure(code: ErrorCode, sent: boolean): void {
    this.#check()
    this.outcome = code
    this.sent = sent
  }

  async finished(): Promise<ErrorCode | 'end'> {
    return until(() => this.outcome, { what: 'the end of the attempt' })
  }

  #check(): void {
    if (this.outcome !== null) this.late++
  }
}

export interface Trial {
  readonly attempt: Attempt
  readonly recorder: Recorder
}

/** What attempts are made with in one test. */
export class Bench {
  readonly timers: Timers
  readonly transport: Transport

  constructor(scope: Scope) {
    this.timers = makeTimers(scope)
    this.transport = makeTransport(scope, [])
  }

  try(endpoint: Endpoint, timeouts: Partial<AttemptTimeouts> = {}, request: Partial<UpstreamRequest> = {}): Trial {
    const recorder = new Recorder()
    const attempt = new Attempt(endpoint, { ...PATIENT, ...timeouts }, this.timers, recorder)
    this.transport.dispatch(endpoint, makeRequest(request), attempt)
    return { attempt, recorder }
  }

  /** Waits until so many milliseconds have passed on the clock that deadlines use, and a tick more. */
  async passes(ms: number): Promise<void> {
    let over = false
    this.timers.after(ms, () => {
      over = true
    })
    await until(() => over)
  }
}

/** Waits until our side has left the connection, or none is open: a script that stalls keeps its half of it. */
export async function givenUp(upstream: ScriptedUpstream): Promise<void> {
  await until(() => upstream.abandoned > 0 || upstream.open === 0, { what: 'the connection to be given up' })
}
