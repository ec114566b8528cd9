import t from 'tap'
import { DEFAULT_KEY } from '../../src/cache/rules/key.ts'
import { get } from '../helpers/http.ts'
import { answer } from '../helpers/misbehaviour.ts'
import { rawClient, rawExchange, type Target } from '../helpers/raw-client.ts'
import type { Scope } from '../helpers/scope.ts'
import { type Script, scriptedUpstream } from '../helpers/scripted-upstream.ts'
import { until } from '../helpers/wait.ts'
import { cachingPolicy } from '../http/support/caching.ts'
import { door, doorTo } from '../http/support/door.ts'
import { cdn, endpoint, networkSet, site } from '../http/support/services.ts'

const FRESH = { 'cache-control': 'max-age=600' }

/** Says what it was asked, so that an answer for one that another gets shows. */
const echo: Script = ({ target, header }) =>
  answer(200, [target, header('host'), header('cookie'), header('authorization')].join(' '), FRESH)

/** Without what a client library makes of a path. */
async function rawGet(scope: Scope, target: Target, path: string): Promise<void> {
  const client = await rawClient(scope, target)
  client.send(`GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`)
  await client.responses(1)
  client.close()
}

t.test('requests with Cookie or Authorization neither read the cache nor fill it, and go on as they are', async (t) => {
  const { url, upstream, services } = await doorTo(t, echo, {}, cachingPolicy())
  for (const headers of [{ cookie: 'session=a' }, { authorization: 'Basic YTpi' }]) {
    for (let at = 0; at < 2; at++) {
      const got = await get(url, { headers })
      t.match(got.body, Object.values(headers)[0]!)
      t.match(got.headers['cache-status'], /^polycdn; fwd=bypass; detail=(cookie|authorization)$/)
    }
  }
  t.equal(upstream.requests.length, 4)
  t.equal(services.cache.memory.size, 0)
  t.notMatch((await get(url)).body, /session|Basic/)
  t.match((await get(url, { headers: { cookie: 'session=b' } })).body, 'session=b')
})

t.test('cookies that count: one answer for each value, and upstreams see no other cookie', async (t) => {
  const key = { ...DEFAULT_KEY, cookies: ['lang'] }
  const { url, upstream } = await doorTo(t, echo, {}, cachingPolicy({ key }))
  const ask = async (cookie: string) => (await get(url, { headers: { cookie } })).body
  t.match(await ask('session=a; lang=de'), 'lang=de')
  t.match(await ask('session=b; lang=de'), 'lang=de')
  t.match(await ask('lang=fr'), 'lang=fr')
  t.notMatch((await get(url)).body, 'lang')
  t.same(
    upstream.requests.map(({ header }) => header('cookie')),
    ['lang=de', 'lang=fr', undefined],
  )
})

t.test('answers with Set-Cookie, private, no-store and Vary: * are for one client', async (t) => {
  const script: Script = ({ target }) => {
    const fields = {
      '/cookie': { ...FRESH, 'set-cookie': 'session=a' },
      '/private': { 'cache-control': 'private, max-age=600' },
      '/no-store': { 'cache-control': 'no-store, max-age=600' },
      '/star': { ...FRESH, vary: '*' },
    }[target]
    return answer(200, 'own', fields)
  }
  const { url, upstream, services } = await doorTo(t, script, {}, cachingPolicy())
  for (const path of ['/cookie', '/private', '/no-store', '/star']) {
    t.match((await get(url + path)).headers['cache-status'], /^polycdn; fwd=uri-miss$/)
    t.match((await get(url + path)).headers['cache-status'], /^polycdn; fwd=uri-miss$/)
  }
  t.equal(upstream.requests.length, 8)
  t.equal(services.cache.memory.size, 0)
})

t.test('a parameter that does not count reaches no upstream either', async (t) => {
  const query = { take: 'only', names: new Set(['v']), sort: true } as const
  const { url, upstream } = await doorTo(t, echo, {}, cachingPolicy({ key: { ...DEFAULT_KEY, query } }))
  t.match((await get(`${url}/a?utm=x&v=1`)).body, /^\/a\?v=1 /)
  t.match((await get(`${url}/a?v=1&poison=%3Cscript`)).body, /^\/a\?v=1 /)
  t.equal(upstream.requests.length, 1)
})

t.test(
  'hosts in any spelling are one, ports are not, and no upstream sees how the first client spelt it',
  async (t) => {
    const { url, upstream } = await doorTo(t, echo, {}, cachingPolicy())
    const ask = async (host: string) => (await get(`${url}/`, { headers: { host } })).body
    t.match(await ask('WWW.Example.com.'), / www\.example\.com /)
    t.match(await ask('www.example.com:80'), / www\.example\.com /)
    t.match(await ask('www.example.com:1337'), / www\.example\.com:1337 /)
    t.match(await ask('other.example.com'), / other\.example\.com /)
    t.equal(upstream.requests.length, 3)
  },
)

t.test('paths that an upstream may tell apart have answers of their own', async (t) => {
  const { url, upstream } = await doorTo(t, echo, {}, cachingPolicy())
  const paths = ['/a', '/%61', '/A', '/a/', '/a?', '/b/../a']
  for (const path of paths) await rawGet(t, { port: Number(new URL(url).port) }, path)
  t.equal(upstream.requests.length, 4, 'but for /a? and /b/../a')
})

t.test('what says that another request is meant is not sent for all', async (t) => {
  const { url, upstream } = await doorTo(
    t,
    echo,
    { over: { trustedProxies: networkSet(['127.0.0.0/8']) } },
    cachingPolicy(),
  )
  const headers = {
    'x-forwarded-host': 'evil.example',
    'x-forwarded-prefix': '/evil',
    'x-original-url': '/admin',
    'x-rewrite-url': '/admin',
    'x-http-method-override': 'DELETE',
    'x-host': 'evil.example',
    'x-harmless': 'yes',
  }
  await get(url, { headers })
  const names = upstream.requests[0]!.fields.map(([name]) => name.toLowerCase())
  t.same(
    names.filter((name) => name.startsWith('x-')),
    ['x-harmless'],
  )
})

t.test('nothing in a key can be made to look like another part of it', async (t) => {
  const key = { ...DEFAULT_KEY, headers: ['x-a', 'x-b'] }
  const script: Script = ({ header }) => answer(200, `${header('x-a')}|${header('x-b')}`, FRESH)
  const { url } = await doorTo(t, script, {}, cachingPolicy({ key }))
  t.equal((await get(url, { headers: { 'x-a': '1', 'x-b': '2' } })).body, '1|2')
  t.equal((await get(url, { headers: { 'x-a': '1 x-b:2' } })).body, '1 x-b:2|undefined')
})

t.test('no answer can be split: what is no field is stored for nobody', async (t) => {
  const script: Script = () => [
    'HTTP/1.1 200 OK\r\ncache-control: max-age=600\r\nx-a: b\x01c\r\ncontent-length: 0\r\n\r\n',
  ]
  const { url, services } = await doorTo(t, script, {}, cachingPolicy())
  t.equal((await get(url)).status, 502)
  t.equal(services.cache.memory.size, 0)
})

t.test('a redirect to the upstream itself leads to the host that was asked for, whoever asks', async (t) => {
  const gateway = await doorTo(
    t,
    () => answer(301, '', { ...FRESH, location: `${gateway.upstream.url}/b` }),
    {},
    cachingPolicy(),
  )
  const ask = (host: string) => get(`${gateway.url}/a`, { headers: { host } })
  for (const host of ['one.test', 'two.test', 'one.test']) {
    t.equal((await ask(host)).headers.location, `http://${host}/b`)
  }
  t.equal(gateway.upstream.requests.length, 2)
})

t.test(
  'an unsafe method takes out what it may have changed, here and where the answer points on this host',
  async (t) => {
    const script: Script = ({ method, target }) => {
      if (method === 'GET') return answer(200, `body of ${target}`, FRESH)
      if (target === '/fails') return answer(500, 'no')
      return answer(201, '', { location: '/made', 'content-location': 'http://other.test/kept' })
    }
    const upstream = await scriptedUpstream(t, script)
    const endpoints = [endpoint(upstream.url, { cdn: cdn('edge') })]
    const sites = [site({ endpoints, unsafeEndpoints: [endpoint(upstream.url)], policy: cachingPolicy() })]
    const { url, services } = await door(t, { sites })
    const paths = ['/list', '/made', '/kept', '/fails']
    const misses = async () => {
      const before = upstream.requests.length
      for (const path of paths) await get(url + path)
      return upstream.requests.slice(before).map(({ target }) => target)
    }
    t.same(await misses(), paths)
    t.same(await misses(), [])
    t.equal((await get(`${url}/list`, { method: 'POST' })).status, 201)
    // What is stored in the same millisecond counts as older.
    const then = Date.now()
    await until(() => Date.now() > then, { what: 'the next millisecond' })
    t.same(await misses(), ['/list', '/made'])
    t.equal((await get(`${url}/fails`, { method: 'DELETE' })).status, 500)
    t.equal((await get(`${url}/list`, { method: 'OPTIONS' })).status, 201)
    t.same(await misses(), [])
    t.match((await services.metrics.exposition()).body, 'polycdn_cache_invalidations_total{site="www"} 2')
  },
)

t.test('what was asked for before an unsafe method was answered is not stored after it', async (t) => {
  const gate = Promise.withResolvers<void>()
  const script: Script = ({ method }, index) => {
    if (method === 'POST') return answer(204, '')
    return index === 0 ? [gate.promise, ...answer(200, 'before', FRESH)] : answer(200, 'after', FRESH)
  }
  const upstream = await scriptedUpstream(t, script)
  const endpoints = [endpoint(upstream.url, { cdn: cdn('edge') })]
  const sites = [site({ endpoints, unsafeEndpoints: [endpoint(upstream.url)], policy: cachingPolicy() })]
  const { url } = await door(t, { sites })
  const first = get(url)
  await upstream.received(1)
  await get(url, { method: 'POST' })
  t.equal((await get(url)).body, 'after')
  gate.resolve()
  t.equal((await first).body, 'before')
  t.equal((await get(url)).body, 'after')
})

t.test('pipelined hits stay in order', async (t) => {
  const gateway = await doorTo(t, echo, {}, cachingPolicy())
  const lines = ['/a', '/b', '/a', '/b'].map((path) => `GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`)
  const last = 'GET /a HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n'
  const client = await rawExchange(t, gateway, lines.join('') + last)
  const bodies = (await client.responses(5)).map(({ body }) => body.toString().split(' ')[0])
  t.same(bodies, ['/a', '/b', '/a', '/b', '/a'])
  t.equal(gateway.upstream.requests.length, 2)
})
