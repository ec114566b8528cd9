import { rmSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { DiskTier } from '../../src/cache/disk.ts'
import { DEFAULT_KEY } from '../../src/cache/rules/key.ts'
import { DEFAULT_RULES } from '../../src/cache/rules/rules.ts'
import { get } from '../helpers/http.ts'
import { answer, head } from '../helpers/misbehaviour.ts'
import { tempDir } from '../helpers/scope.ts'
import { type Script, scriptedUpstream } from '../helpers/scripted-upstream.ts'
import { until } from '../helpers/wait.ts'
import { cachingPolicy } from '../http/support/caching.ts'
import { door, doorTo } from '../http/support/door.ts'
import { cdn, endpoint, networkSet, site } from '../http/support/services.ts'

const FRESH = { 'cache-control': 'max-age=600', etag: '"one"' }
/** Stale for 10 s when it comes. */
const STALE = { 'cache-control': 'max-age=10', age: '20', etag: '"one"' }

t.test('only-if-cached asks nobody, though what is stored turns out to be damaged', async (t) => {
  const folder = join(tempDir(t, 'cache'), 'disk')
  const onProblem = (problem: string) => problem === 'entry-damaged' || t.fail(problem)
  const open = async () =>
    (await DiskTier.open({ folder, maxBytes: 2 ** 30, isFirst: false, now: Date.now, onProblem }))!
  const { url, upstream, services } = await doorTo(
    t,
    () => answer(200, 'stored'.repeat(20_000), FRESH),
    {},
    cachingPolicy(),
  )
  const disk = await open()
  t.teardown(() => disk.close())
  services.cache = services.newCache(disk, 2 ** 22)
  await get(url)
  await until(() => services.cache.disk?.entries === 1)
  rmSync(join(folder, 'v1.1', 'content', 'content-v2'), { recursive: true })
  const again = await open()
  t.teardown(() => again.close())
  services.cache = services.newCache(again, 2 ** 22)
  const got = await get(url, { headers: { 'cache-control': 'only-if-cached' } })
  t.equal(got.status, 504)
  t.equal(upstream.requests.length, 1)
})

t.test('what was purged while it was being confirmed is not served because that fails', async (t) => {
  const gate = Promise.withResolvers<void>()
  const script: Script = (_, index) => (index === 0 ? answer(200, 'old', STALE) : [gate.promise, ...answer(503, 'no')])
  const { url, upstream, services } = await doorTo(t, script, {}, cachingPolicy())
  await get(url)
  const asked = get(url)
  await upstream.received(2)
  services.purges.add({ site: 'www', target: { kind: 'site' }, soft: false, at: Date.now() })
  gate.resolve()
  t.match(await asked, { status: 503, body: 'no' })
})

t.test('what was purged while it was being confirmed is not brought back by a CDN that is asked later', async (t) => {
  const gate = Promise.withResolvers<void>()
  const a = await scriptedUpstream(t, (_, index) =>
    index === 0 ? answer(200, 'bad', STALE) : [gate.promise, 'reset!'],
  )
  const b = await scriptedUpstream(t, ({ header }) =>
    header('if-none-match') === undefined ? answer(200, 'good', FRESH) : [head(304, FRESH)],
  )
  const endpoints = [a, b].map(({ url }, at) => endpoint(url, { cdn: cdn(`cdn-${at}`) }))
  const { url, services } = await door(t, { sites: [site({ endpoints, policy: cachingPolicy() })] })
  t.equal((await get(url)).body, 'bad')
  const asked = get(url)
  await a.received(2)
  services.purges.add({ site: 'www', target: { kind: 'site' }, soft: false, at: Date.now() })
  const purgedAt = Date.now()
  await until(() => Date.now() > purgedAt)
  gate.resolve()
  t.equal((await asked).body, 'good')
  t.equal((await get(url)).body, 'good')
})

t.test('who asks for what is checked now does not read on with what came before', async (t) => {
  const gate = Promise.withResolvers<void>()
  const script: Script = (_, index) =>
    index === 0 ? [head(200, { ...FRESH, 'content-length': '3' }), 'o', gate.promise, 'ld'] : answer(200, 'new', FRESH)
  const { url, upstream } = await doorTo(t, script, {}, cachingPolicy())
  // Its head is here: others may read it.
  const first = await fetch(url)
  const before = Date.now()
  await until(() => Date.now() > before)
  const asked = get(url, { headers: { 'cache-control': 'no-cache' } })
  await upstream.received(2)
  t.equal((await asked).body, 'new')
  gate.resolve()
  t.equal(await first.text(), 'old')
})

t.test('who asks for what is checked now shares what comes after that', async (t) => {
  const gate = Promise.withResolvers<void>()
  const { url, upstream, services } = await doorTo(
    t,
    () => [gate.promise, ...answer(200, 'one', FRESH)],
    {},
    cachingPolicy(),
  )
  const headers = { 'cache-control': 'no-cache' }
  const all = [get(url, { headers }), get(url, { headers })]
  await until(() => services.cache.waiting === 1)
  gate.resolve()
  for (const got of await Promise.all(all)) t.equal(got.body, 'one')
  t.equal(upstream.requests.length, 1)
})

t.test('what a client says in a field that overrides is not asked, what the operator sets is', async (t) => {
  const names = ['x-original-host', 'cookie', 'x-http-host-override', 'x-forwarded-scheme']
  const script: Script = ({ header }) => answer(200, names.map((name) => header(name)).join(), FRESH)
  const set = [
    ['x-original-host', 'set'],
    ['cookie', 'a=1'],
  ] as const
  const headers = { request: { set, remove: [] }, response: { set: [], remove: [] } }
  const policy = cachingPolicy({ key: { ...DEFAULT_KEY, cookies: ['lang'] } }, { headers })
  const { url } = await doorTo(t, script, { over: { trustedProxies: networkSet(['127.0.0.0/8']) } }, policy)
  const said = Object.fromEntries(names.map((name) => [name, 'lang=de']))
  t.equal((await get(url, { headers: said })).body, 'set,a=1,,')
})

t.test('a 304 that no longer lets an answer to Authorization be shared takes it out', async (t) => {
  const script: Script = ({ header }, index) =>
    index === 0
      ? answer(200, 'stored', { ...STALE, 'cache-control': 'public, max-age=10' })
      : header('if-none-match') !== undefined
        ? [head(304, FRESH)]
        : answer(200, 'other', {})
  const rules = { ...DEFAULT_RULES, credentials: 'rfc' } as const
  const { url } = await doorTo(t, script, {}, cachingPolicy({ rules }))
  await get(url, { headers: { authorization: 'Basic eDp5' } })
  await get(url, { headers: { authorization: 'Basic eDp5' } })
  t.equal((await get(url)).body, 'other')
})

t.test('an old answer that would do for one client is not asked for in the name of all', async (t) => {
  const script: Script = ({ header }) => answer(200, String(header('cache-control')), FRESH)
  const { url } = await doorTo(t, script, {}, cachingPolicy())
  const cases = [
    ['max-stale=60', 'undefined'],
    ['Max-Stale , no-transform', 'no-transform'],
    ['max-age=5, max-stale = 3, x="max-stale"', 'max-age=5, x="max-stale"'],
  ] as const
  for (const [at, [said, asked]] of cases.entries()) {
    t.equal((await get(`${url}/${at}`, { headers: { 'cache-control': said } })).body, asked, said)
  }
})

t.test('a change is known of a URL however long it is', async (t) => {
  let version = 0
  const script: Script = ({ method }) => (method === 'POST' ? answer(204, '') : answer(200, String(version++), FRESH))
  const upstream = await scriptedUpstream(t, script)
  const origin = [endpoint(upstream.url)]
  const { url } = await door(t, { sites: [site({ origin, policy: cachingPolicy({}, { mode: 'origin' }) })] })
  const long = `${url}/${'x'.repeat(4_000)}`
  for (const expected of ['0', '1']) {
    t.equal((await get(long)).body, expected)
    t.equal((await get(long)).body, expected)
    await get(long, { method: 'POST' })
  }
})
