import { setTimeout } from 'node:timers/promises'
import { cpuSeconds, residentMiB } from '../../bench/verified/process-use.ts'
import { type GatewayProcess, startGateway } from '../helpers/gateway.ts'
import { answer, countedBody, head } from '../helpers/misbehaviour.ts'
import { inParallel } from '../helpers/parallel.ts'
import type { RecordedRequest } from '../helpers/recorded-request.ts'
import { type Scope, tempDir } from '../helpers/scope.ts'
import { type ScriptedUpstream, type Step, scriptedUpstream } from '../helpers/scripted-upstream.ts'
import { until } from '../helpers/wait.ts'
import { CrowdClient, type Fetched } from './crowd-client.ts'
import { topology } from './topology.ts'

export interface CrowdOptions {
  /** Between two rushes, so that a gateway that sheds what comes on top of the one has done with it; milliseconds. */
  readonly apart?: number
  readonly clients: number
  readonly workers: number
  /** A tier on disk, which all workers share. */
  readonly disk: boolean
}

/** How one object was delivered to everybody. */
export interface Rush {
  /** Seconds until the gateway had every question, as its metrics have it. */
  readonly asked: number
  /** Seconds until all had all of it, from the first question on. */
  readonly took: number
  /** How often each upstream was asked. */
  readonly fetches: readonly number[]
  readonly exact: number
  /** Answers that are not 200, or not every byte. */
  readonly bad: readonly Fetched[]
  /** Answers that came of the fetch of another client. */
  readonly collapsed: number
  /** Memory of all processes, above what they had before. MiB. */
  readonly memory: number
  /** CPU of the gateway. Seconds. */
  readonly cpu: number
}

export interface CrowdReport {
  /** The upstream sends all of it. */
  readonly whole: Rush
  /** It dies in the middle, when everybody has the first half. */
  readonly dies: Rush
  /** The next one who asks. */
  readonly after: readonly Fetched[]
  readonly stderr: string
  readonly exitCode: number | null
}

const SIZE = 2 ** 20
const HALF = SIZE / 2
const FIELDS = { 'cache-control': 'max-age=600', etag: '"1"', 'accept-ranges': 'bytes' }
const HEAD = head(200, { ...FIELDS, 'content-length': String(SIZE) })
const BODIES = {
  '/whole': Buffer.from(countedBody(SIZE)),
  '/dies': Buffer.from(countedBody(SIZE * 2).slice(SIZE)),
}
const WARM = 'warm'
/** Connections that are opened at once: more would wait in the kernel's queue. */
const OPENED_AT_ONCE = 128
const SAMPLE_EVERY = 100

interface Place {
  readonly scope: Scope
  readonly gateway: GatewayProcess
  readonly clients: readonly CrowdClient[]
  readonly upstreams: readonly ScriptedUpstream[]
}

/**
 * Everybody asks for one object that nobody has. The upstream begins when all have asked, and goes on when all have the
 * first half: what a client has was sent to it while it came.
 */
export async function crowd(scope: Scope, { clients, workers, disk, apart = 0 }: CrowdOptions): Promise<CrowdReport> {
  const upstreams = await Promise.all(['a', 'b'].map(() => scriptedUpstream(scope, answer(200, WARM, FIELDS))))
  const cache = disk ? { disk: { path: tempDir(scope, 'crowd'), size: '64MiB' } } : {}
  const gateway = await startGateway(scope, { ...configOf(upstreams, clients), workers, cache })
  const all: CrowdClient[] = []
  scope.teardown(() => {
    for (const client of all) client.close()
  })
  await inParallel(OPENED_AT_ONCE, Array(clients).fill(0), async () => {
    const client = await CrowdClient.open(gateway.port)
    all.push(client)
    // Some worker has the connection.
    const { body } = await client.get('/warm', Buffer.from(WARM))
    if (body !== 'exact') throw new Error(`a connection is refused: ${body}`)
  })
  const place = { scope, gateway, clients: all, upstreams }
  const whole = await rush(place, '/whole')
  await setTimeout(apart)
  const dies = await rush(place, '/dies')
  const after = await Promise.all((['/whole', '/dies'] as const).map((path, at) => askPatiently(all[at]!, path)))
  for (const client of all) client.close()
  const { code, stderr } = await gateway.close()
  return { whole, dies, after, stderr, exitCode: code }
}

type Path = '/whole' | '/dies'

/** Until it is not refused: a gateway whose event loop was late sheds requests for a second. */
async function askPatiently(client: CrowdClient, path: Path): Promise<Fetched> {
  const answer = async () => {
    const fetched = await client.get(path, BODIES[path])
    return fetched.status === 503 ? null : fetched
  }
  return until(answer, { timeout: 20_000, interval: 200, what: `${path} to be served` })
}

async function rush(place: Place, path: Path): Promise<Rush> {
  const { scope, gateway, clients, upstreams } = place
  const body = BODIES[path]
  const [allAsked, allHalf] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const end = path === '/dies' ? 'reset!' : body.subarray(HALF)
  upstreams[0]!.play([allAsked.promise, HEAD, body.subarray(0, HALF), allHalf.promise, end])
  upstreams[1]!.play((request) => restOf(body, request))
  const before = upstreams.map(({ requests }) => requests.length)
  const use = new Use(scope, gateway)
  const began = performance.now()
  const fetched = ask(clients, path, () => allHalf.resolve())
  let answered = 0
  for (const each of fetched) void each.then(() => answered++)
  const inFlight = async () => (await gateway.metrics()).sum('polycdn_requests_in_flight')
  // Whoever is refused has an answer already.
  const isAsked = async () => answered + (await inFlight()) >= clients.length
  await until(isAsked, { timeout: 60_000, interval: 50, what: 'the gateway to have every question' })
  const asked = seconds(began)
  allAsked.resolve()
  const got = await Promise.all(fetched)
  const took = seconds(began)
  const isExact = ({ status, body }: Fetched) => status === 200 && body === 'exact'
  return {
    asked,
    took,
    fetches: upstreams.map(({ requests }, at) => requests.length - before[at]!),
    exact: got.filter(isExact).length,
    bad: got.filter((each) => !isExact(each)),
    collapsed: got.filter(({ cacheStatus }) => cacheStatus.includes('collapsed')).length,
    ...use.end(),
  }
}

function ask(clients: readonly CrowdClient[], path: Path, onHalf: () => void): Promise<Fetched>[] {
  const without = new Set(clients)
  const has = (client: CrowdClient) => {
    if (without.delete(client) && without.size === 0) onHalf()
  }
  return clients.map(async (client) => {
    const fetched = await client.get(path, BODIES[path], (received) => received >= HALF && has(client))
    // Whoever is refused or cut holds nobody up.
    has(client)
    return fetched
  })
}

/** What another CDN is asked for where the first one broke off. */
function restOf(body: Buffer, request: RecordedRequest): Step[] {
  const from = Number(/^bytes=(\d+)-/.exec(request.header('range') ?? '')?.[1] ?? Number.NaN)
  if (Number.isNaN(from)) return answer(500)
  const range = { 'content-range': `bytes ${from}-${SIZE - 1}/${SIZE}`, 'content-length': String(SIZE - from) }
  return [head(206, { ...FIELDS, ...range }), body.subarray(from)]
}

/** Memory and CPU of the gateway's processes from now on. */
class Use {
  readonly #pid: number
  readonly #idle: number
  readonly #cpu: number
  readonly #sampling: NodeJS.Timeout
  #peak = 0

  constructor(scope: Scope, { child }: GatewayProcess) {
    this.#pid = child.process.pid!
    this.#idle = residentMiB(this.#pid)
    this.#cpu = cpuSeconds(this.#pid)
    this.#sampling = setInterval(() => this.#look(), SAMPLE_EVERY)
    scope.teardown(() => clearInterval(this.#sampling))
  }

  end(): Pick<Rush, 'memory' | 'cpu'> {
    clearInterval(this.#sampling)
    this.#look()
    return { memory: this.#peak - this.#idle, cpu: cpuSeconds(this.#pid) - this.#cpu }
  }

  #look(): void {
    this.#peak = Math.max(this.#peak, residentMiB(this.#pid))
  }
}

function configOf(upstreams: readonly ScriptedUpstream[], clients: number): Record<string, unknown> {
  const edges = upstreams.map(({ url }, at) => ({ name: ['fra', 'iad'][at]!, url }))
  // Whoever waits does so for the slowest of the crowd.
  const retry = { timeout: '120s', per_try_timeout: '60s', body_idle_timeout: '60s' }
  const policy = { strategy: 'failover', fallback: 'none', cache: { enabled: true }, retry }
  // Each worker takes its part of them, and the kernel deals them out unevenly.
  const limits = { connections: clients * 4, connections_per_address: clients * 4 }
  return { ...topology({ edges, policy }), limits }
}

function seconds(began: number): number {
  return (performance.now() - began) / 1000
}
