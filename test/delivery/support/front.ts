import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type {
  Endpoint,
  HedgeSettings,
  OutlierSettings,
  ResumeSettings,
  RetrySettings,
} from '../../../src/config/snapshot.ts'
import { Tally } from '../../../src/costs/growth.ts'
import type { ResponseHead } from '../../../src/delivery/attempt.ts'
import { Budgets } from '../../../src/delivery/budgets.ts'
import type { Surroundings } from '../../../src/delivery/connect-options.ts'
import { Delivery } from '../../../src/delivery/delivery.ts'
import type { Delivered } from '../../../src/delivery/job.ts'
import type { Part } from '../../../src/delivery/resume.ts'
import { ResponseWriter } from '../../../src/delivery/writer.ts'
import { ERRORS, type ErrorCode } from '../../../src/errors.ts'
import { Board } from '../../../src/health/board.ts'
import type { Reason } from '../../../src/steering/reasons.ts'
import type { Measured, Standing } from '../../../src/steering/world.ts'
import type { Scope } from '../../helpers/scope.ts'
import { until } from '../../helpers/wait.ts'
import { makePolicy, OUTLIER, RETRY } from '../../steering/support/build.ts'
import { makeTimers, makeTransport } from './parts.ts'

export interface FrontSpec {
  readonly candidates?: readonly Endpoint[]
  readonly origin?: readonly Endpoint[]
  readonly originTimeout?: number
  readonly reason?: Reason
  readonly retry?: Partial<RetrySettings>
  readonly outlier?: Partial<OutlierSettings>
  readonly resume?: ResumeSettings
  readonly hedge?: HedgeSettings
  /** Further header fields of every upstream request, a flat list. */
  readonly fields?: readonly string[]
  /** Where names lead. */
  readonly surroundings?: Surroundings
}

/** A real HTTP server whose every request is one Delivery. */
export interface Front {
  readonly port: number
  readonly url: string
  /** What each request came to, in the order in which they ended. */
  readonly ended: readonly Delivered[]
  /** What was received from CDNs. */
  readonly meter: Tally
  /** Bytes of body that were handed to clients so far. */
  readonly bytes: number
  health(endpoint: Endpoint): Standing
  /** Requests that wait for its headers. */
  pending(endpoint: Endpoint): number
  /** What is known of how long it takes to begin an answer. */
  measured(endpoint: Endpoint): Measured | null
  /** Waits for the end of so many requests, and gives the last of them. */
  delivered(count?: number): Promise<Delivered>
}

const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding'])
/** One failure ejects: so every charge shows. */
const STRICT: OutlierSettings = { ...OUTLIER, consecutiveFailures: 1, baseEjection: 60_000, maxEjection: 60_000 }

export async function front(scope: Scope, spec: FrontSpec): Promise<Front> {
  const { candidates = [], origin = [], originTimeout = 20_000, reason = 'proximity', fields = [] } = spec
  const timers = makeTimers(scope)
  const transport = makeTransport(scope, [...candidates, ...origin], undefined, spec.surroundings)
  const board = new Board({ now: () => timers.now(), random: () => 0.5, onEvent: () => {} })
  board.retain([...candidates, ...origin])
  const policy = makePolicy({
    retry: { ...RETRY, ...spec.retry },
    outlier: { ...STRICT, ...spec.outlier },
    ...(spec.resume ? { resume: spec.resume } : {}),
    ...(spec.hedge ? { hedge: spec.hedge } : {}),
  })
  const budgets = new Budgets(1)
  const meter = new Tally()
  const ranked = candidates.map((endpoint) => ({ endpoint, reason, km: null }))
  const decision = { policy, measuredFrom: 'client' as const, candidates: ranked, rejected: [] }
  const ended: Delivered[] = []
  const writers: ResponseWriter[] = []
  const server = createServer({ noDelay: true }, (raw, response) => {
    const writer = new ResponseWriter(response)
    writers.push(writer)
    const job = {
      method: raw.method!,
      decision,
      continent: null,
      decideAgain: () => decision,
      range: raw.headers.range ?? null,
      hedgeable: raw.headers.range === undefined,
      origin,
      originTimeout,
      originMaxRequests: 100,
      asked: { method: raw.method!, header: () => null },
      contentComplete: false,
      proof: () => null,
      ask: () => {
        throw new Error('nothing is proved here')
      },
      proved: () => {},
      turnBack: () => false,
      interim: () => {},
      ...sides(raw, writer, fields),
    }
    const parts = { transport, timers, health: board, budgets, meter, writer, random: () => 0.5 }
    new Delivery(job, parts, (delivered) => ended.push(delivered)).start()
  })
  Object.assign(server, { httpAllowHalfOpen: true })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  scope.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    ended,
    meter,
    get bytes() {
      return writers.reduce((sum, { bytes }) => sum + bytes, 0)
    },
    health: (endpoint) => board.standing(endpoint, policy),
    pending: (endpoint) => board.pending(endpoint),
    measured: (endpoint) => board.measured(endpoint),
    delivered: (count = 1) => until(() => ended[count - 1], { what: `the end of request ${count}` }),
  }
}

/** How a request looks to endpoints, and an answer to the client. */
function sides(raw: IncomingMessage, writer: ResponseWriter, fields: readonly string[]) {
  const host = raw.headers.host ?? 'none'
  return {
    request: (_endpoint: Endpoint, part: Part | null) => {
      const { range } = raw.headers
      const wanted =
        part === null ? (range === undefined ? [] : ['range', range]) : ['range', part.range, 'if-range', part.ifRange]
      return { method: raw.method!, path: raw.url!, headers: ['host', host, ...wanted, ...fields], host }
    },
    answer: (endpoint: Endpoint, { rawHeaders }: ResponseHead) => {
      const headers = ['x-served-by', endpoint.cdnName]
      for (let i = 0; i < rawHeaders.length; i += 2) {
        const name = String(rawHeaders[i])
        // Node refuses to write such a field.
        if (name === 'x-unwritable') headers.push('x-bad', 'a\nb')
        if (!HOP_BY_HOP.has(name.toLowerCase())) headers.push(name, String(rawHeaders[i + 1]))
      }
      return headers
    },
    refuse: (code: ErrorCode) => {
      const { status } = ERRORS[code]
      writer.head(status, ['content-type', 'text/plain'])
      writer.end(code)
      return status
    },
  }
}

/** `a failed connection_refused`, `b served 200`: the attempts in short. */
export function attempts({ records }: Delivered): string[] {
  return records.map(({ endpoint, outcome }) => {
    const { cdnName } = endpoint
    if (outcome.kind === 'aborted') return `${cdnName} aborted`
    if (outcome.kind === 'served') return `${cdnName} served ${outcome.status}`
    return `${cdnName} ${outcome.kind} ${outcome.status ?? outcome.code}`
  })
}
