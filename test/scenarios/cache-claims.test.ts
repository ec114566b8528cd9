import { type ClientRequest, request } from 'node:http'
import t, { type Test } from 'tap'
import { Cache } from '../../src/cache/cache.ts'
import { Claims } from '../../src/cache/claims.ts'
import { DiskTier } from '../../src/cache/disk.ts'
import { type GetOptions, get as getOf } from '../helpers/http.ts'
import { answer, countedBody, cut, head } from '../helpers/misbehaviour.ts'
import { tempDir } from '../helpers/scope.ts'
import { type Script, type ScriptedUpstream, type Step, scriptedUpstream } from '../helpers/scripted-upstream.ts'
import { until } from '../helpers/wait.ts'
import { cachingPolicy } from '../http/support/caching.ts'
import { type Door, door } from '../http/support/door.ts'
import { cdn, endpoint, site } from '../http/support/services.ts'

/** Two gateways in this process stand for two worker processes: memories of their own over one folder. */
const FRESH = { 'cache-control': 'max-age=600', etag: '"one"' }
const BODY = countedBody(400_000)
const MEMORY = 64 * 2 ** 20
/** It stands still: nobody waits too long, however slow the machine is. */
const now = () => 1_700_000_000_000

interface Pair {
  readonly a: Door
  readonly b: Door
  readonly upstream: ScriptedUpstream
}

async function pair(t: Test, script: Script | readonly Step[]): Promise<Pair> {
  const upstream = await scriptedUpstream(t, script)
  const folder = tempDir(t, 'cache')
  const onProblem = (problem: unknown) => t.fail(String(problem))
  const start = async (owner: string) => {
    const endpoints = [endpoint(upstream.url, { cdn: cdn('edge') })]
    const opened = await door(t, { sites: [site({ endpoints, policy: cachingPolicy() })] })
    const disk = await DiskTier.open({ folder, maxBytes: 2 ** 30, isFirst: false, now: Date.now, onProblem })
    const claims = await Claims.open({ folder, owner, maxClaims: 1_000, now, onProblem })
    const { services } = opened
    const { purges, timers } = services
    const after = (ms: number, expire: () => void) => timers.after(ms, expire)
    services.cache = new Cache({ memory: MEMORY, disk, claims, purges, now, after })
    t.teardown(() => services.cache.close())
    return opened
  }
  return { a: await start('a'), b: await start('b'), upstream }
}

/** One host for both: a port would be a part of the key. */
const HOST = { host: 'www.test' }
const get = (url: string, { headers }: GetOptions = {}) => getOf(url, { headers: { ...HOST, ...headers } })
/** A client that may leave. */
function leaver({ url }: Door): ClientRequest {
  const asked = request(url, { headers: HOST }).on('error', () => {})
  asked.end()
  return asked
}

const times = <Value>(count: number, make: (at: number) => Value) => Array.from({ length: count }, (_, at) => make(at))
const waitingAt = ({ services }: Door, count: number) =>
  until(() => services.cache.waiting === count, { what: () => `${count} of ${services.cache.waiting} that wait` })

t.test('the clients of two processes: one question, and the other process reads the disk once', async (t) => {
  const gate = Promise.withResolvers<void>()
  const first = BODY.slice(0, 200_000)
  const begin = head(200, { ...FRESH, 'content-length': String(BODY.length) })
  const { a, b, upstream } = await pair(t, () => [gate.promise, begin, first, BODY.slice(200_000)])
  const ofA = times(20, () => get(a.url))
  await upstream.received(1)
  const ofB = times(20, () => get(b.url))
  const part = get(b.url, { headers: { range: 'bytes=10-19' } })
  await waitingAt(b, 20)
  gate.resolve()
  for (const got of await Promise.all([...ofA, ...ofB])) t.ok(got.status === 200 && got.body === BODY)
  t.match(await part, { status: 206, body: BODY.slice(10, 20) })
  for (const got of await Promise.all(ofB)) t.match(got.headers['cache-status'], /fwd=uri-miss.*collapsed/)
  t.equal(upstream.requests.length, 1)
  t.same(new Set((await b.services.ended(21)).map(({ cache }) => cache)), new Set(['collapsed']))
  t.equal(b.services.cache.memory.size, 1)
  t.match((await get(b.url)).headers['cache-status'], /hit/)
  t.same([b.services.cache.fetches, b.services.cache.waiting], [0, 0])
})

t.test('what is for one client: those of the other process ask at once, and later ones do not wait', async (t) => {
  const gate = Promise.withResolvers<void>()
  const script: Script = (_, index) => {
    const own = answer(200, `for ${index}`, { 'cache-control': 'private' })
    return index === 0 ? [gate.promise, ...own] : own
  }
  const { a, b, upstream } = await pair(t, script)
  const all = [get(a.url)]
  await upstream.received(1)
  all.push(...times(5, () => get(b.url)))
  await waitingAt(b, 4)
  gate.resolve()
  const bodies = (await Promise.all(all)).map(({ body }) => body)
  t.equal(new Set(bodies).size, 6)
  upstream.play(['stall!'])
  const stalled = times(2, () => leaver(b))
  await upstream.received(8)
  for (const one of stalled) one.destroy()
})

t.test('what was for one client and is for all now', async (t) => {
  const gate = Promise.withResolvers<void>()
  const { a, b, upstream } = await pair(t, (_, index) =>
    index === 0 ? [gate.promise, ...answer(200, 'own', { 'cache-control': 'no-store' })] : answer(200, BODY, FRESH),
  )
  const own = get(a.url)
  await upstream.received(1)
  const ofB = times(5, () => get(b.url))
  await waitingAt(b, 4)
  gate.resolve()
  await Promise.all([own, ...ofB])
  t.ok((await Promise.all(ofB)).every(({ body }) => body === BODY))
  await until(() => b.services.cache.disk?.entries === 1)
  t.match((await get(a.url)).headers['cache-status'], /hit/)
})

t.test('what breaks off is stored for nobody: the other process asks for its own clients', async (t) => {
  const gate = Promise.withResolvers<void>()
  const { a, b, upstream } = await pair(t, (_, index) =>
    index === 0 ? [gate.promise, ...cut(BODY, 200_000, 'reset!', FRESH)] : answer(200, BODY, FRESH),
  )
  const broken = get(a.url).then(
    () => 'whole',
    () => 'cut',
  )
  await upstream.received(1)
  const ofB = times(5, () => get(b.url))
  await waitingAt(b, 4)
  gate.resolve()
  t.equal(await broken, 'cut')
  t.ok((await Promise.all(ofB)).every(({ status, body }) => status === 200 && body === BODY))
  t.ok(upstream.requests.length <= 3, 'the one that broke off, perhaps the rest of it, and one more')
})

t.test('another variant is asked for once', async (t) => {
  const gate = Promise.withResolvers<void>()
  const script: Script = (asked, index) => {
    const own = answer(200, asked.header('accept-language')!, { ...FRESH, vary: 'accept-language' })
    return index === 0 ? [gate.promise, ...own] : own
  }
  const { a, b, upstream } = await pair(t, script)
  const ask = (to: Door, language: string) => get(to.url, { headers: { 'accept-language': language } })
  const first = ask(a, 'de')
  await upstream.received(1)
  const others = ['fr', 'fr', 'de', 'fr'].map((language) => ask(b, language))
  await waitingAt(b, 3)
  gate.resolve()
  t.equal((await first).body, 'de')
  t.same(
    (await Promise.all(others)).map(({ body }) => body),
    ['fr', 'fr', 'de', 'fr'],
  )
  t.equal((await ask(a, 'fr')).body, 'fr')
  t.ok(upstream.requests.length <= 3, `${upstream.requests.length} questions`)
})

t.test('clients that leave while another process asks: nobody waits for nobody', async (t) => {
  const gate = Promise.withResolvers<void>()
  const { a, b, upstream } = await pair(t, () => [gate.promise, ...answer(200, BODY, FRESH)])
  const first = get(a.url)
  await upstream.received(1)
  const leaving = leaver(b)
  await until(() => b.services.cache.fetches === 1)
  leaving.socket!.resetAndDestroy()
  t.match(await b.services.ended(1), [{ status: 499, error: 'client_gone' }])
  t.equal(b.services.cache.fetches, 0)
  gate.resolve()
  t.equal((await first).body, BODY)
  t.equal(upstream.requests.length, 1)
})

t.test('the one that asked first here leaves: those who wait with it get all of it', async (t) => {
  const gate = Promise.withResolvers<void>()
  const { a, b, upstream } = await pair(t, () => [gate.promise, ...answer(200, BODY, FRESH)])
  const first = get(a.url)
  await upstream.received(1)
  const leaving = leaver(b)
  await until(() => b.services.cache.fetches === 1)
  const other = get(b.url)
  await waitingAt(b, 1)
  leaving.socket!.resetAndDestroy()
  gate.resolve()
  t.equal((await other).body, BODY)
  t.equal((await first).body, BODY)
  t.equal(upstream.requests.length, 1)
  t.same((await b.services.ended(2)).map(({ error }) => error).sort(), [null, 'client_gone'].sort())
})

t.test('what was asked for before a change is not what the other process gets', async (t) => {
  const gate = Promise.withResolvers<void>()
  const { a, b, upstream } = await pair(t, (_, index) =>
    index === 0 ? [gate.promise, ...answer(200, 'before', FRESH)] : answer(200, 'after', FRESH),
  )
  const before = get(a.url)
  await upstream.received(1)
  const after = get(b.url)
  await until(() => b.services.cache.fetches === 1)
  // Heard here first; the process that asks hears of it when it has stored its answer.
  const keys = ['www\nhttp://www.test/']
  b.services.cache.invalidate({ site: 'www', keys, urls: [], at: Date.now() + 1 })
  gate.resolve()
  t.equal((await before).body, 'before')
  t.equal((await after).body, 'after')
})
