import t, { type Test } from 'tap'
import type { FaultProxy } from '../helpers/fault-proxy.ts'
import { type GatewayProcess, startGateway } from '../helpers/gateway.ts'
import { inParallel } from '../helpers/parallel.ts'
import { socketsOf } from '../helpers/process-sockets.ts'
import { skipUnless } from '../helpers/programs.ts'
import { until } from '../helpers/wait.ts'
import { cases, matrix, mustBeExact, nameOf, runCase, sampledCases, verdict } from './failover-matrix.ts'

const PARALLEL = 16
const LIMIT = { timeout: 15_000, interval: 50 }

t.test(
  'each two of fault, object, method, number of bad candidates, and cache: the exact body or a visible failure',
  async (t) => {
    if (!skipUnless(t, 'nginx')) return
    const { config, proxies } = await matrix(t)
    const gateway = await startGateway(t, config)
    const before = await countersOf(gateway)
    t.equal(new Set(cases()).size, cases().length)
    const all = sampledCases()
    t.equal(all.length * 6, cases().length)
    const slowest = { ms: 0, name: '' }
    await inParallel(PARALLEL, all, async (one) => {
      const got = await runCase(one, gateway.port)
      const name = nameOf(one)
      if (got.ms > slowest.ms) Object.assign(slowest, { ms: got.ms, name })
      const wanted = mustBeExact(one) ? ['exact'] : ['exact', 'failed']
      const { end, status, bytes, ms } = got
      t.ok(wanted.includes(verdict(one, got)), name, { verdict: verdict(one, got), end, status, bytes, ms })
    })
    t.comment(`${all.length} cases, the slowest: ${slowest.name}, ${slowest.ms} ms`)
    await everythingIsGivenBack(t, { gateway, proxies, before })
  },
)

interface Counters {
  readonly sockets: number
  readonly timers: number
}

interface After {
  readonly gateway: GatewayProcess
  readonly proxies: readonly FaultProxy[]
  readonly before: Counters
}

async function countersOf(gateway: GatewayProcess): Promise<Counters> {
  const { body } = await gateway.admin('GET', '/status')
  const { deadlines: timers } = JSON.parse(body)
  return { sockets: socketsOf(gateway.child.process.pid!), timers }
}

/** Kept connections are closed from the other side, so that only what was forgotten is left. */
async function everythingIsGivenBack(t: Test, { gateway, proxies, before }: After): Promise<void> {
  const open = () => {
    for (const proxy of proxies) proxy.closeIdle()
    return proxies.filter((proxy) => proxy.open > 0).map((proxy) => proxy.fault)
  }
  await until(() => open().length === 0, { ...LIMIT, what: () => `the end of connections to ${open()}` })
  const idle = async () => {
    const metrics = await gateway.metrics()
    return metrics.sum('polycdn_requests_in_flight') === 0 && metrics.sum('polycdn_connections') === 0
  }
  await until(idle, { ...LIMIT, what: 'no request in flight and no client connection' })
  const now = () => socketsOf(gateway.child.process.pid!)
  await until(() => now() <= before.sockets, { ...LIMIT, what: () => `${before.sockets} sockets, not ${now()}` })
  const timers = async () => (await countersOf(gateway)).timers
  const what = async () => `${before.timers} timers, not ${await timers()}`
  await until(async () => (await timers()) <= before.timers, { ...LIMIT, what: await what() })
  t.pass('no socket and no timer is left')
}
