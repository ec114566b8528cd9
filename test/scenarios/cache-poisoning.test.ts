import t from 'tap'
import { DEFAULT_KEY } from '../../src/cache/rules/key.ts'
import { startGatewayHere } from '../helpers/gateway.ts'
import { get } from '../helpers/http.ts'
import { answer, head } from '../helpers/misbehaviour.ts'
import { rawClient } from '../helpers/raw-client.ts'
import type { Scope } from '../helpers/scope.ts'
import { type Script, scriptedUpstream } from '../helpers/scripted-upstream.ts'
import { until } from '../helpers/wait.ts'
import { cachingPolicy } from '../http/support/caching.ts'
import { door, doorTo } from '../http/support/door.ts'
import { cdn, endpoint, site } from '../http/support/services.ts'

const FRESH = { 'cache-control': 'max-age=600' }

/** Lines as no client library writes them. */
async function raw(scope: Scope, url: string, ...lines: readonly string[]): Promise<string> {
  const { port, pathname } = new URL(url)
  const client = await rawClient(scope, { port: Number(port) })
  client.send(`GET ${pathname} HTTP/1.1\r\nhost: a\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`)
  const [got] = await client.responses(1)
  client.close()
  return got!.body.toString()
}

t.test('a 304 that is for one visitor changes nothing that others get', async (t) => {
  const cases = {
    'set-cookie': { 'set-cookie': 'session=of-one' },
    private: { 'cache-control': 'private, max-age=600' },
    'no-store': { 'cache-control': 'no-store, max-age=600' },
    'vary: *': { 'cache-control': 'max-age=600', vary: '*' },
    'another vary': { 'cache-control': 'max-age=600', vary: 'x-who' },
  }
  const script: Script = ({ header, target }) => {
    const fields = cases[decodeURIComponent(target.slice(1)) as keyof typeof cases]
    if (header('x-who') === undefined) return answer(200, 'first', { 'cache-control': 'max-age=0', etag: '"a"' })
    if (header('if-none-match') !== undefined) return answer(304, '', { etag: '"a"', ...FRESH, ...fields })
    return answer(200, `for ${header('x-who')}`, { etag: '"a"', ...FRESH, ...fields })
  }
  const gateway = await doorTo(t, script, {}, cachingPolicy())
  for (const name of Object.keys(cases)) {
    const url = `${gateway.url}/${encodeURIComponent(name)}`
    await get(url)
    t.equal((await get(url, { headers: { 'x-who': 'one' } })).body, 'for one', name)
    t.equal((await get(url, { headers: { 'x-who': 'other' } })).body, 'for other', name)
  }
})

t.test('what upstreams are asked to code with is what the key says, however the client spells it', async (t) => {
  const spellings = [['br;q=0, br'], ['gzip;q=x'], ['gzip;level=9'], ['br; q = 0'], ['br;q=0', 'br'], ['gzip;q=0.0.0']]
  const script: Script = ({ header }) =>
    answer(200, `coded: ${header('accept-encoding')}`, { ...FRESH, vary: 'Accept-Encoding' })
  const gateway = await doorTo(t, script, {}, cachingPolicy())
  for (const [at, values] of spellings.entries()) {
    const url = `${gateway.url}/${at}`
    await raw(t, url, ...values.map((value) => `accept-encoding: ${value}`))
    t.equal(await raw(t, url, 'accept-encoding: identity'), 'coded: identity', values.join(' and '))
  }
})

t.test('cookies: what upstreams see of them is what the key has', async (t) => {
  const script: Script = ({ header }) => answer(200, `cookies: ${header('cookie')}`, FRESH)
  const { url } = await doorTo(t, script, {}, cachingPolicy({ key: { ...DEFAULT_KEY, cookies: ['lang'] } }))
  await raw(t, url, 'cookie: lang=de,<script>')
  t.equal(await raw(t, url, 'cookie: lang=de'), 'cookies: lang=de')
})

t.test('a field that some applications read as one that means another request', async (t) => {
  const script: Script = ({ fields }) => answer(200, fields.map(([name]) => name.toLowerCase()).join(), FRESH)
  const { url } = await doorTo(t, script, {}, cachingPolicy())
  t.notMatch(await raw(t, url, 'X_Original_URL: /admin', 'X-HTTP_Method-Override: DELETE'), /original|override/)
})

t.test('what varies by what the gateway itself says of the client is for that client', async (t) => {
  for (const name of ['X-Forwarded-For', 'Forwarded']) {
    let count = 0
    const upstream = await scriptedUpstream(t, () => answer(200, `answer ${count++}`, { ...FRESH, vary: name }))
    const chosen = cachingPolicy({}, { mode: 'origin', fallback: 'origin' })
    const sites = [site({ origin: [endpoint(upstream.url)], policy: chosen })]
    const { url } = await door(t, { sites })
    await get(url)
    t.equal((await get(url)).body, 'answer 1', name)
  }
})

t.test('a part that nobody asked for as one is not stored as the whole', async (t) => {
  const script: Script = (_, index) =>
    index === 0
      ? answer(206, 'pa', { ...FRESH, etag: '"a"', 'content-range': 'bytes 0-1/4' })
      : answer(200, 'part', { ...FRESH, etag: '"a"' })
  const { url } = await doorTo(t, script, {}, cachingPolicy())
  await raw(t, url, 'request-range: bytes=0-1')
  const got = await get(url)
  t.match(got, { status: 200, body: 'part' })
})

t.test(
  'policies of a site share answers only where they ask the same: the route says who may have which',
  async (t) => {
    const inside = await scriptedUpstream(t, ({ header }) => answer(200, `inside ${header('x-as')}`, FRESH))
    const outside = await scriptedUpstream(t, ({ header }) => answer(200, `outside ${header('x-as')}`, FRESH))
    const as = (value: string) => ({ request: { set: { 'x-as': value } } })
    const gateway = await startGatewayHere(t, {
      cdns: [
        { name: 'inside', provider: 'http', url: inside.url },
        { name: 'outside', provider: 'http', url: outside.url },
      ],
      sites: [
        {
          name: 'www',
          hosts: ['*'],
          origin: { urls: [outside.url] },
          routes: [
            { match: { headers: { 'x-who': 'staff' } }, policy: 'staff' },
            { match: { headers: { 'x-who': 'editor' } }, policy: 'editor' },
            { match: { headers: { 'x-who': 'near' } }, policy: 'near' },
            { policy: 'default' },
          ],
        },
      ],
      policies: {
        default: { cdns: ['outside'], headers: as('visitor') },
        near: { extends: 'default', strategy: 'failover', retry: { attempts: 1 } },
        editor: { cdns: ['outside'], headers: as('editor') },
        staff: { cdns: ['inside'], headers: as('visitor') },
      },
    })
    const ask = (who: string) => get(gateway.url, { headers: { host: 'a', 'x-who': who } })
    t.equal((await ask('staff')).body, 'inside visitor')
    t.equal((await ask('editor')).body, 'outside editor')
    t.equal((await ask('anybody')).body, 'outside visitor')
    t.match(await ask('near'), { body: 'outside visitor', headers: { 'cache-status': /hit/ } }, 'ranked otherwise')
    t.equal((await ask('staff')).body, 'inside visitor')
    await get(gateway.url, { method: 'POST', headers: { host: 'a' } })
    for (const who of ['staff', 'editor', 'near']) t.notMatch((await ask(who)).headers['cache-status'], /hit/, who)
  },
)

t.test('who asks after a purge does not read on with who asked before it', async (t) => {
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const script: Script = (_, index) => {
    if (index > 1) return answer(200, `new`, FRESH)
    const slow = [head(200, { ...FRESH, 'content-length': '3' }), 'o', gates[index]!.promise, 'ld']
    return index === 0 ? slow : [gates[index]!.promise, ...answer(200, 'old', FRESH)]
  }
  const { url, upstream, services } = await doorTo(t, script, {}, cachingPolicy())
  const purge = (path: string) =>
    services.cache.invalidate({ site: 'www', keys: [], urls: [`${url}${path}`], at: Date.now() })
  const first = get(`${url}/coming`)
  await until(() => services.cache.memory.size === 0 && services.cache.fetches === 1)
  await upstream.received(1)
  const second = get(`${url}/asked`)
  await upstream.received(2)
  const third = get(`${url}/asked`)
  await until(() => services.cache.waiting === 1)
  purge('/coming')
  purge('/asked')
  t.equal((await get(`${url}/coming`)).body, 'new', 'its body was coming')
  gates[1]!.resolve()
  t.equal((await third).body, 'new', 'it had not begun to come')
  gates[0]!.resolve()
  t.same([(await first).body, (await second).body], ['old', 'old'])
  for (const path of ['/coming', '/asked']) t.equal((await get(url + path)).body, 'new')
})

t.test('an answer counts from when it was asked for, not from when a second CDN was asked', async (t) => {
  const gate = Promise.withResolvers<void>()
  const a = await scriptedUpstream(t, (_, index) => [index === 0 ? gate.promise : '', ...answer(200, 'old', FRESH)])
  const b = await scriptedUpstream(t, (_, index) => (index === 0 ? ['stall!'] : answer(200, 'new', FRESH)))
  const hedge = { enabled: true, after: 1, minDelay: 1, maxExtraPercent: 100 } as const
  const endpoints = [a, b].map(({ url }, at) => endpoint(url, { cdn: cdn(`cdn-${at}`) }))
  const { url, services } = await door(t, { sites: [site({ endpoints, policy: cachingPolicy({}, { hedge }) })] })
  const first = get(`${url}/`)
  await a.received(1)
  const at = Date.now()
  await b.received(1)
  services.cache.invalidate({ site: 'www', keys: [], urls: [`${url}/`], at })
  gate.resolve()
  t.equal((await first).body, 'old')
  t.notMatch((await get(`${url}/`)).headers['cache-status'], /hit/)
})

t.test('what was purged softly is there for all who ask while nobody can deliver', async (t) => {
  const gate = Promise.withResolvers<void>()
  const script: Script = (_, index) =>
    index === 0 ? answer(200, 'kept', { ...FRESH, etag: '"a"' }) : [gate.promise, ...answer(503, 'no')]
  const { url, upstream, services } = await doorTo(t, script, {}, cachingPolicy())
  await get(url)
  services.purges.add({ site: 'www', target: { kind: 'site' }, soft: true, at: Date.now() })
  const all = [get(url), get(url), get(url)]
  await upstream.received(2)
  await until(() => services.cache.waiting === 2)
  gate.resolve()
  for (const got of await Promise.all(all)) t.match(got, { status: 200, body: 'kept' })
})

t.test('what varies by very many fields is for who asked: each look-up would have to compare them all', async (t) => {
  const vary = (count: number) => Array.from({ length: count }, (_, at) => `x-${at}`).join(',')
  const script: Script = ({ target }) => answer(200, 'ok', { ...FRESH, vary: vary(Number(target.slice(1))) })
  const { url } = await doorTo(t, script, {}, cachingPolicy())
  for (const count of [64, 65]) {
    await get(`${url}/${count}`)
    const again = await get(`${url}/${count}`)
    t.equal(/hit/.test(String(again.headers['cache-status'])), count === 64, String(count))
  }
})
