import t, { type Test } from 'tap'
import { type Gateway, startGateway } from '../helpers/gateway.ts'
import { get } from '../helpers/http.ts'
import { answer, head } from '../helpers/misbehaviour.ts'
import { type RawClient, rawClient } from '../helpers/raw-client.ts'
import type { Scope } from '../helpers/scope.ts'
import { scriptedUpstream } from '../helpers/scripted-upstream.ts'
import { until } from '../helpers/wait.ts'
import { isAlive, killWorker, workerPids, workersReady } from '../helpers/worker-processes.ts'
import { topology } from './topology.ts'

/** Two workers, and an upstream whose bodies wait in their middle for the gate. */
async function startTwo(scope: Scope) {
  let gate = Promise.withResolvers<void>()
  const slow = () => [head(200, { 'content-length': '10' }), 'first', gate.promise, '-last']
  const upstream = await scriptedUpstream(scope, ({ target }) => (target === '/slow' ? slow() : answer()))
  const gateway = await startGateway(scope, {
    ...topology({ edges: [{ name: 'fra', url: upstream.url }] }),
    workers: 2,
  })
  /** Clients in the middle of a body at both workers. */
  const ask = async (t: Scope) => {
    gate = Promise.withResolvers<void>()
    const clients = await Promise.all(Array.from({ length: 16 }, () => rawClient(t, gateway)))
    for (const client of clients) client.send('GET /slow HTTP/1.1\r\nHost: a\r\n\r\n')
    for (const client of clients) await client.received('first')
    return { gate, clients, pids: workerPids(gateway) }
  }
  return { gateway, ask }
}

async function complete(clients: readonly RawClient[]): Promise<string[]> {
  return Promise.all(clients.map(async (client) => (await client.responses(1))[0]!.body.toString()))
}

async function refuses(scope: Scope, gateway: Gateway): Promise<boolean> {
  return rawClient(scope, gateway).then(
    (client) => {
      client.close()
      return false
    },
    () => true,
  )
}

type Two = Awaited<ReturnType<typeof startTwo>>

async function oneIsToldToEnd(t: Test, { gateway, ask }: Two): Promise<void> {
  const { gate, clients, pids } = await ask(t)
  process.kill(pids[0]!, 'SIGTERM')
  await gateway.logged('worker-ready', ({ pid }) => !pids.includes(Number(pid)))
  t.ok(isAlive(pids[0]!), 'it still has bodies to complete')
  gate.resolve()
  t.ok((await complete(clients)).every((body) => body === 'first-last'))
  t.match(await gateway.logged('worker-died'), { pid: pids[0], code: 0 })
  t.equal((await workersReady(gateway, 2)).length, 2)
  t.equal((await get(gateway.url)).status, 200)
}

async function allAreToldToEnd(t: Test, { gateway, ask }: Two): Promise<void> {
  const { gate, clients, pids } = await ask(t)
  gateway.signal('SIGTERM')
  await until(async () => (await gateway.admin('GET', '/readyz')).status === 503, { what: '/readyz to turn 503' })
  await until(() => refuses(t, gateway), { what: 'new connections to be refused' })
  t.ok(pids.every(isAlive), 'they wait for the bodies')
  gate.resolve()
  t.ok((await complete(clients)).every((body) => body === 'first-last'))
  const exit = await gateway.child.exited()
  t.equal(exit.code, 0, exit.stdout + exit.stderr)
  t.equal(exit.stderr, '')
  t.strictSame(pids.filter(isAlive), [])
  t.equal(exit.stdout.split('worker-died').length, 2, 'nobody died but the one that was replaced')
}

t.test('a worker that is told to end, and then all', async (t) => {
  const two = await startTwo(t)
  await t.test('one completes its bodies, and is replaced at once', (t) => oneIsToldToEnd(t, two))
  await t.test('SIGTERM: every worker completes its bodies, then all end, exit 0', (t) => allAreToldToEnd(t, two))
})

t.test('Ctrl-C goes to all processes of a terminal, and the requests complete all the same', async (t) => {
  const { gateway, ask } = await startTwo(t)
  const { gate, clients, pids } = await ask(t)
  for (const pid of pids) process.kill(pid, 'SIGINT')
  gateway.signal('SIGINT')
  await until(() => refuses(t, gateway), { what: 'new connections to be refused' })
  gate.resolve()
  t.ok((await complete(clients)).every((body) => body === 'first-last'))
  t.equal((await gateway.child.exited()).code, 0)
})

t.test('a primary that is killed leaves nobody behind; bodies under way complete first', async (t) => {
  const { gateway, ask } = await startTwo(t)
  const { gate, clients, pids } = await ask(t)
  gateway.signal('SIGKILL')
  await until(() => refuses(t, gateway), { what: 'new connections to be refused' })
  gate.resolve()
  t.ok((await complete(clients)).every((body) => body === 'first-last'))
  await until(() => !pids.some(isAlive), { what: 'all workers to end' })
  t.equal((await gateway.child.exited()).signal, 'SIGKILL')
})

t.test('what one worker learns about an endpoint all know soon, and a new one before it serves', async (t) => {
  const bad = await scriptedUpstream(t, ['reset!'])
  const good = await scriptedUpstream(t, answer())
  const edges = [
    { name: 'fra', url: bad.url },
    { name: 'iad', url: good.url },
  ]
  const policy = { strategy: 'failover', outlier_detection: { consecutive_failures: 3, base_ejection: '5m' } }
  const gateway = await startGateway(t, { ...topology({ edges, policy }), workers: 3 })
  const ask = async () => (await get(gateway.url, { headers: { connection: 'close' } })).status
  await until(
    async () => {
      t.equal(await ask(), 200)
      return gateway.logs.some(({ event }) => event === 'endpoint-ejected')
    },
    { what: 'the ejection' },
  )
  const asked = async (requests: number) => {
    const before = bad.requests.length
    for (let count = 0; count < requests; count++) t.equal(await ask(), 200)
    return bad.requests.length - before
  }
  // 40 connections reach each of three workers, but for one time in three million.
  await until(async () => (await asked(40)) === 0, { what: 'no worker to ask the ejected endpoint' })
  await killWorker(gateway)
  await workersReady(gateway, 3)
  t.equal(await asked(40), 0, 'the new worker knows it')
  t.match(JSON.parse((await gateway.admin('GET', '/status')).body).endpoints, [
    { state: 'ejected' },
    { state: 'healthy' },
  ])
})
