import { type Gateway, startGateway } from '../helpers/gateway.ts'
import { type Nginx, startNginx } from '../helpers/nginx.ts'
import { seededRandom } from '../helpers/random.ts'
import type { Scope } from '../helpers/scope.ts'
import { until } from '../helpers/wait.ts'
import { startWrk, type WrkResult } from '../helpers/wrk.ts'
import { QUICK_CHECK, topology } from './topology.ts'

export interface FailoverReport {
  readonly load: WrkResult
  /** How often the nearest edge was killed and came back. */
  readonly cycles: number
  /** From the metrics, at the end. */
  readonly failovers: number
  readonly stderr: string
  readonly exitCode: number | null
}

export interface FailoverOptions {
  /** Seconds of load, at least; cycles of kill and return go on until then. */
  readonly duration: number
  readonly seed: number
  /** Milliseconds between two requests of a connection; default 0. */
  readonly pause?: number
}

/** A visitor from Frankfurt, whose nearest edge is `fra`. */
const VISITOR = { 'x-forwarded-for': '192.0.2.1' }
const LIMIT = { timeout: 20_000, interval: 50 }

/**
 * 64 connections of load while the nearest edge is killed and comes back, again and again. Throws when the failover or
 * the return does not show in the metrics; what the clients saw is in the report.
 */
export async function failoverUnderLoad(scope: Scope, options: FailoverOptions): Promise<FailoverReport> {
  const random = seededRandom(options.seed)
  const [fra, iad, sin, origin] = await startEdges(scope)
  const config = topology({ edges: [fra, iad, sin], origin: origin.url, cdn: QUICK_CHECK })
  const gateway = await startGateway(scope, { ...config, geoip: { overrides: { '192.0.2.0/24': 'FRA' } } })
  const deadline = Date.now() + options.duration * 1000
  const { duration, pause = 0 } = options
  const load = startWrk(scope, { url: `${gateway.url}/1k`, duration: duration + 120, headers: VISITOR, pause })
  let cycles = 0
  do {
    await killAndReturn(gateway, fra, 200 + Math.floor(random() * 800))
    cycles++
  } while (Date.now() < deadline)
  // wrk ends early on SIGINT, and reports as if its time was up.
  load.child.process.kill('SIGINT')
  const result = await load.result()
  const metrics = await gateway.metrics()
  const failovers = metrics.sum('polycdn_failovers_total', { from: 'fra', to: 'iad', reason: /./ })
  const exit = await gateway.close()
  return { load: result, cycles, failovers, stderr: exit.stderr, exitCode: exit.code }
}

async function startEdges(scope: Scope): Promise<readonly [Nginx, Nginx, Nginx, Nginx]> {
  const start = (name: string) => startNginx(scope, { name })
  return Promise.all([start('fra'), start('iad'), start('sin'), start('origin')])
}

async function killAndReturn(gateway: Gateway, edge: Nginx, requests: number): Promise<void> {
  await grows(gateway, 'fra', requests)
  await edge.kill()
  await until(async () => (await healthy(gateway)) === 0, { ...LIMIT, what: 'the metrics to show fra as unhealthy' })
  await grows(gateway, 'iad', requests)
  await edge.start()
  await until(async () => (await healthy(gateway)) === 1, { ...LIMIT, what: 'the metrics to show fra as healthy' })
  await grows(gateway, 'fra', requests)
}

async function healthy(gateway: Gateway): Promise<number | undefined> {
  return (await gateway.metrics()).value('polycdn_endpoint_healthy', { cdn: 'fra' })
}

/** Waits until that CDN has served so many more requests than now. */
async function grows(gateway: Gateway, cdn: string, requests: number): Promise<void> {
  const served = async () => (await gateway.metrics()).sum('polycdn_requests_total', { cdn, code: '2xx' })
  const before = await served()
  const what = `${requests} more requests served by ${cdn}`
  await until(async () => (await served()) >= before + requests, { ...LIMIT, what })
}
