import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type Gateway, startGateway } from '../helpers/gateway.ts'
import { type Got, get, keepAlive } from '../helpers/http.ts'
import { answer, countedBody, cut } from '../helpers/misbehaviour.ts'
import { tempDir } from '../helpers/scope.ts'
import { type Script, type ScriptedUpstream, scriptedUpstream } from '../helpers/scripted-upstream.ts'
import { until } from '../helpers/wait.ts'
import { topology } from './topology.ts'

const CLIENTS = 100
const FRESH = { 'cache-control': 'max-age=600', etag: '"one"' }
const BODY = countedBody(2 ** 20)
const HALF = BODY.length / 2
/** Milliseconds that one process waits for another: a machine that is slower than that asks twice. */
const MAX_TURN = 2_000

interface Place {
  readonly gateway: Gateway
  readonly upstreams: readonly ScriptedUpstream[]
  readonly ask: (path: string) => Promise<Got[]>
}

/** Two processes, a disk, and as many clients that have their connections already: some to each process. */
async function place(t: Test): Promise<Place> {
  const upstreams = await Promise.all(['a', 'b'].map(() => scriptedUpstream(t, answer(200, 'warm', FRESH))))
  const edges = upstreams.map(({ url }, at) => ({ name: ['fra', 'iad'][at]!, url }))
  const policy = { strategy: 'failover', fallback: 'none', cache: { enabled: true } }
  const disk = { path: join(tempDir(t, 'cache'), 'disk') }
  const limits = { connections: 1_000, connections_per_address: 1_000 }
  const gateway = await startGateway(t, { ...topology({ edges, policy }), workers: 2, cache: { disk }, limits })
  const agent = keepAlive(t, CLIENTS)
  const ask = (path: string) =>
    Promise.all(Array.from({ length: CLIENTS }, () => get(`${gateway.url}${path}`, { agent })))
  await ask('/warm')
  return { gateway, upstreams, ask }
}

interface Rush {
  readonly got: readonly Got[]
  /** How often each upstream was asked. */
  readonly fetches: readonly number[]
  /** Some process may have waited longer than any does. */
  readonly isSlow: boolean
}

/** Everybody asks for one path. The first upstream begins when all have asked. */
async function rush({ gateway, upstreams, ask }: Place, path: string, scripts: readonly Script[]): Promise<Rush> {
  const allAsked = Promise.withResolvers<void>()
  const before = upstreams.map(({ requests }) => requests.length)
  upstreams[0]!.play((request, index) => [allAsked.promise, ...scripts[0]!(request, index - before[0]!)])
  upstreams[1]!.play((request, index) => scripts[1]!(request, index - before[1]!))
  const began = performance.now()
  const all = ask(path)
  const inFlight = async () => (await gateway.metrics()).sum('polycdn_requests_in_flight')
  await until(async () => (await inFlight()) >= CLIENTS, { interval: 20, what: 'the gateway to have every question' })
  allAsked.resolve()
  const got = await all
  const fetches = upstreams.map(({ requests }, at) => requests.length - before[at]!)
  return { got, fetches, isSlow: performance.now() - began >= MAX_TURN }
}

const whole: Script = () => answer(200, BODY, FRESH)
const isExact = ({ status, body }: Got) => status === 200 && body === BODY
const isCollapsed = ({ headers }: Got) => /collapsed/.test(String(headers['cache-status']))

t.test('100 clients of two processes', async (t) => {
  const there = await place(t)

  await t.test('one fetch in all, and every byte for everybody', async (t) => {
    const { got, fetches, isSlow } = await rush(there, '/whole', [whole, whole])
    t.ok(got.every(isExact))
    t.equal(fetches[1], 0)
    t.ok(fetches[0] === 1 || (isSlow && fetches[0] === 2), `asked ${fetches[0]} times`)
    t.equal(got.filter(isCollapsed).length, CLIENTS - fetches[0]!)
  })

  await t.test('the upstream dies in the middle: another one goes on, once for all', async (t) => {
    const rest: Script = (asked) => {
      const from = Number(/^bytes=(\d+)-/.exec(asked.header('range')!)![1])
      const range = { 'content-range': `bytes ${from}-${BODY.length - 1}/${BODY.length}` }
      return answer(206, BODY.slice(from), { ...FRESH, ...range })
    }
    const { got, fetches, isSlow } = await rush(there, '/dies', [() => cut(BODY, HALF, 'reset!', FRESH), rest])
    t.ok(got.every(isExact))
    t.ok(
      fetches.every((count) => count === 1 || (isSlow && count === 2)),
      `asked ${fetches} times`,
    )
    t.equal(got.filter(isCollapsed).length, CLIENTS - fetches[0]!)
  })

  await t.test('what is for one client each: nobody queues, in no process', async (t) => {
    const later = Promise.withResolvers<void>()
    let asked = 0
    // No answer but the first comes before all have asked: who waits for another one's holds up everybody.
    const own: Script = (_, index) => {
      asked++
      if (asked === CLIENTS) later.resolve()
      const private_ = answer(200, `for ${index}`, { 'cache-control': 'private' })
      return index === 0 ? private_ : [later.promise, ...private_]
    }
    const { got, fetches } = await rush(there, '/own', [own, own])
    t.same(fetches, [CLIENTS, 0])
    t.equal(new Set(got.map(({ body }) => body)).size, CLIENTS)
  })
})
