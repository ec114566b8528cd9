import { once } from 'node:events'
import { createServer } from 'node:net'
import t, { type Test } from 'tap'
import type { Exposition } from '../helpers/exposition.ts'
import { type Config, type Gateway, type GatewayProcess, startGateway } from '../helpers/gateway.ts'
import { get } from '../helpers/http.ts'
import { answer } from '../helpers/misbehaviour.ts'
import { type Nginx, startNginx } from '../helpers/nginx.ts'
import { freePort } from '../helpers/port.ts'
import { skipUnless } from '../helpers/programs.ts'
import { type RawClient, rawClient } from '../helpers/raw-client.ts'
import type { Scope } from '../helpers/scope.ts'
import { scriptedUpstream } from '../helpers/scripted-upstream.ts'
import { until } from '../helpers/wait.ts'
import { killWorker, workerPids, workersReady } from '../helpers/worker-processes.ts'
import { startWrk } from '../helpers/wrk.ts'
import { topology } from './topology.ts'

const REQUEST = 'GET /1k HTTP/1.1\r\nHost: a\r\n\r\n'
/** Little enough that a process can start beside it. */
const LOAD = { duration: 120, pause: 100 }
const TOTALS = ['polycdn_requests_total', 'polycdn_request_duration_seconds_count', 'polycdn_response_bytes_total']

/** Every answer on a connection of its own: connections are dealt out to all workers. */
async function edgesOf(gateway: Gateway, requests: number): Promise<Set<unknown>> {
  const one = async () => (await get(`${gateway.url}/1k`, { headers: { connection: 'close' } })).headers['x-edge']
  return new Set(await Promise.all(Array.from({ length: requests }, one)))
}

/** Scrapes again and again, and keeps what went backwards. */
function watchTotals(gateway: Gateway): { stop(): Promise<{ scrapes: number; backwards: string[] }> } {
  const backwards: string[] = []
  let scrapes = 0
  let stopped = false
  const run = async () => {
    let before: Exposition | null = null
    while (!stopped) {
      const now = await gateway.metrics()
      scrapes++
      for (const name of TOTALS) {
        const [was, is] = [before?.sum(name) ?? 0, now.sum(name)]
        if (is < was) backwards.push(`${name}: ${was}, then ${is}`)
      }
      before = now
    }
  }
  const running = run()
  return {
    stop: async () => {
      stopped = true
      await running
      return { scrapes, backwards }
    },
  }
}

/** Keep-alive connections that have had an answer each, so that some worker has each of them. */
async function openClients(scope: Scope, gateway: Gateway, count: number): Promise<RawClient[]> {
  const clients = await Promise.all(Array.from({ length: count }, () => rawClient(scope, gateway)))
  await Promise.all(clients.map((client) => client.send(REQUEST).responses(1)))
  return clients
}

async function startEdges(t: Test, ...names: string[]): Promise<Nginx[]> {
  return Promise.all(names.map((name) => startNginx(t, { name })))
}

t.test('three workers under load', async (t) => {
  if (!skipUnless(t, 'nginx', 'wrk')) return
  const [fra, iad] = await startEdges(t, 'fra', 'iad')
  const of = (edge: Nginx) => ({ ...topology({ edges: [edge] }), workers: 3 })
  const gateway = await startGateway(t, of(fra!))
  await t.test('one is killed: others serve on, it is replaced, no total goes backwards', (t) =>
    killedUnderLoad(t, gateway),
  )
  await t.test('they change to another CDN, and all of them have when POST /reload answers', (t) =>
    changedUnderLoad(
      t,
      gateway,
      [iad!, fra!, iad!].map((edge) => ({ edge: edge.name, config: of(edge) })),
    ),
  )
  t.equal((await gateway.close()).code, 0)
})

async function killedUnderLoad(t: Test, gateway: GatewayProcess): Promise<void> {
  const before = await workersReady(gateway, 3)
  t.equal((await gateway.metrics()).value('polycdn_workers'), 3)
  const clients = await openClients(t, gateway, 40)
  const totals = watchTotals(gateway)
  const load = startWrk(t, { url: `${gateway.url}/1k`, ...LOAD })
  const served = async () => (await gateway.metrics()).sum('polycdn_requests_total', { code: '2xx' })
  await until(async () => (await served()) > 500, { what: 'load' })

  const died = await killWorker(gateway)
  t.match(died, { signal: 'SIGKILL', code: null, replaced_in_ms: 100 })
  await until(() => clients.some((client) => client.end !== 'open'), {
    what: 'the connections of the dead worker to end',
  })
  const living = clients.filter((client) => client.end === 'open')
  t.ok(living.length > 0 && living.length < clients.length, `${living.length} of 40 connections are of other workers`)
  for (let round = 2; round < 5; round++) {
    for (const client of living) client.send(REQUEST)
    for (const client of living) t.equal((await client.responses(round)).at(-1)?.status, 200)
  }
  const after = await workersReady(gateway, 3)
  t.notOk(after.includes(Number(died.pid)))
  t.equal(after.filter((pid) => before.includes(pid)).length, 2, 'the others are the same processes')

  load.child.process.kill('SIGINT')
  const result = await load.result()
  t.comment(result.output)
  t.equal(result.failed, 0, 'answers that are not 2xx')
  t.ok(result.socketErrors < 64, 'only connections of the dead worker were cut')
  const { scrapes, backwards } = await totals.stop()
  t.ok(scrapes > 5)
  t.strictSame(backwards, [])
  t.equal((await gateway.metrics()).value('polycdn_worker_restarts_total'), 1)
}

async function changedUnderLoad(
  t: Test,
  gateway: GatewayProcess,
  changes: readonly { readonly edge: string; readonly config: Config }[],
): Promise<void> {
  const load = startWrk(t, { url: `${gateway.url}/1k`, ...LOAD })
  for (const { edge, config } of changes) {
    gateway.write(config)
    t.equal((await gateway.reload()).status, 200)
    t.strictSame([...(await edgesOf(gateway, 40))], [edge])
  }
  load.child.process.kill('SIGINT')
  const result = await load.result()
  t.comment(result.output)
  t.ok(result.requests > 100)
  t.equal(result.failed, 0)
  t.equal(result.socketErrors, 0)
}

t.test(
  'what a dead worker held is no longer counted; each pause before another one is twice the one before',
  async (t) => {
    const upstream = await scriptedUpstream(t, answer())
    const gateway = await startGateway(t, { ...topology({ edges: [{ name: 'fra', url: upstream.url }] }), workers: 2 })
    const [, steady] = workerPids(gateway)
    const clients = await openClients(t, gateway, 30)
    const sum = async (name: string) => (await gateway.metrics()).sum(name)
    const counted = async () =>
      (await sum('polycdn_requests_total')) === 30 && (await sum('polycdn_connections')) === 30
    await until(counted, { what: 'both workers to have told what they count' })
    const pauses = [(await killWorker(gateway)).replaced_in_ms]
    const left = clients.filter((client) => client.end === 'open')
    await until(async () => (await sum('polycdn_connections')) < 30, { what: 'the connections to be released' })
    const open = () => clients.filter((client) => client.end === 'open').length
    await until(async () => (await sum('polycdn_connections')) === open(), { what: `${left.length} connections` })
    t.equal(await sum('polycdn_requests_total'), 30)

    for (let death = 1; death < 4; death++) {
      await workersReady(gateway, 2)
      const victim = workerPids(gateway).find((pid) => pid !== steady)!
      process.kill(victim, 'SIGKILL')
      pauses.push((await gateway.logged('worker-died', ({ pid }) => pid === victim)).replaced_in_ms)
      t.equal((await get(gateway.url)).status, 200, 'the other one serves')
    }
    t.strictSame(pauses, [100, 200, 400, 800])
  },
)

/** Metrics by name and labels, when one request was counted. */
async function familiesOf(gateway: Gateway): Promise<string[]> {
  await get(gateway.url)
  const counted = async () => (await gateway.metrics()).sum('polycdn_requests_total') === 1
  await until(counted, { what: 'the request to be counted' })
  const { text } = await gateway.metrics()
  const lines = text.split('\n').filter((line) => line.startsWith('polycdn_'))
  return lines.map((line) => line.replace(/ \S+$/, '').replace(/endpoint="[^"]*"/, '')).sort()
}

t.test('several processes show the same metrics as one; what one cannot do, none does', async (t) => {
  const upstreams = await Promise.all(['fra', 'iad'].map(() => scriptedUpstream(t, answer())))
  const of = (index: number, ...extra: number[]) => ({
    ...topology({ edges: [{ name: 'fra', url: upstreams[index]!.url }] }),
    workers: 2,
    listen: [0, ...extra].map((port) => ({ address: `127.0.0.1:${port}` })),
  })
  const gateway = await startGateway(t, of(0))
  const alone = await startGateway(t, { ...of(0), workers: 1 })
  t.strictSame(await familiesOf(gateway), await familiesOf(alone))

  // An address is taken.
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  t.teardown(() => taken.close())
  const { port } = taken.address() as { port: number }
  const free = await freePort()
  gateway.write(of(1, free, port))
  const rejected = await gateway.reload()
  t.equal(rejected.status, 422)
  t.match(rejected.body, `127.0.0.1:${port} is in use by another program`)
  await edgesOf(gateway, 20)
  t.equal(upstreams[1]!.requests.length, 0, 'the old configuration serves')
  t.equal((await gateway.metrics()).value('polycdn_config_last_reload_successful'), 0)
  await t.rejects(rawClient(t, { port: free }), 'what was opened meanwhile is closed again')

  gateway.write(of(1, free))
  t.equal((await gateway.reload()).status, 200)
  const before = upstreams[0]!.requests.length
  for (const url of [gateway.url, `http://127.0.0.1:${free}`]) t.equal((await get(url)).status, 200)
  t.equal(upstreams[0]!.requests.length, before, 'the new one serves, on both addresses')
  await killWorker(gateway)
  await workersReady(gateway, 2)
  for (const url of [gateway.url, `http://127.0.0.1:${free}`]) t.equal((await get(url)).status, 200)

  // A broken configuration changes nothing in any worker.
  gateway.write({ ...of(0, free), wokers: 3 })
  t.match(await gateway.reload(), { status: 422, body: /wokers.*workers/ })
  const had = upstreams[1]!.requests.length
  await edgesOf(gateway, 20)
  t.equal(upstreams[1]!.requests.length, had + 20)
  gateway.write({ ...of(1, free), workers: 3 })
  t.equal((await gateway.reload()).status, 200)
  t.match(await gateway.logged('workers-kept'), { running: 2, after_restart: 3 })
})

t.test('a start that cannot be is told as one: the address is taken', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  t.teardown(() => taken.close())
  const { port } = taken.address() as { port: number }
  const config = { ...topology({ edges: [{ name: 'fra', url: 'http://127.0.0.1:1' }] }), workers: 2 }
  const started = startGateway(t, { ...config, listen: [{ address: `127.0.0.1:${port}` }] })
  await t.rejects(started, { message: new RegExp(`127.0.0.1:${port} is in use by another program`) })
})
