import t from 'tap'
import { DEFAULT_RULES } from '../../src/cache/rules/rules.ts'
import { get } from '../helpers/http.ts'
import { answer, head } from '../helpers/misbehaviour.ts'
import { type Script, scriptedUpstream } from '../helpers/scripted-upstream.ts'
import { until } from '../helpers/wait.ts'
import { caching, cachingPolicy } from '../http/support/caching.ts'
import { door, doorTo } from '../http/support/door.ts'
import { cdn, endpoint, policy, site } from '../http/support/services.ts'

/** Stale for 10 s when it comes. */
const STALE = { 'cache-control': 'max-age=10', age: '20', etag: '"one"' }

const isConditional: Script = (request) =>
  request.header('if-none-match') === '"one"'
    ? [head(304, { etag: '"one"', 'cache-control': 'max-age=600', 'x-new': 'yes' })]
    : answer(200, 'stored', STALE)

t.test('what is stale is confirmed by a 304, which makes it fresh and has newer fields', async (t) => {
  const { url, upstream, services } = await doorTo(t, isConditional, {}, cachingPolicy())
  await get(url)
  const confirmed = await get(url)
  t.match(confirmed, { status: 200, body: 'stored', headers: { 'x-new': 'yes', etag: '"one"' } })
  t.match(confirmed.headers['cache-status'], /^polycdn; fwd=stale; fwd-status=304; ttl=(600|599)$/)
  t.match((await get(url)).headers, { 'cache-status': /hit/, 'x-new': 'yes' })
  t.equal(upstream.requests.length, 2)
  t.same(
    (await services.ended(3)).map(({ cache }) => cache),
    ['miss', 'revalidated', 'hit'],
  )
})

t.test('a client that has what is confirmed gets 304, and HEAD the head', async (t) => {
  const { url } = await doorTo(t, isConditional, {}, cachingPolicy())
  await get(url)
  t.match(await get(url, { headers: { 'if-none-match': '"one"' } }), { status: 304, body: '' })
  const other = await doorTo(t, isConditional, {}, cachingPolicy())
  await get(other.url)
  t.match(await get(other.url, { method: 'HEAD' }), { status: 200, headers: { 'content-length': '6' } })
  t.equal(other.upstream.requests[1]!.header('if-none-match'), '"one"')
})

t.test('a 304 that speaks of something else is not believed: the client asks in its own words', async (t) => {
  const script: Script = (request) =>
    request.header('if-none-match') === undefined ? answer(200, 'whole', STALE) : [head(304, { etag: '"two"' })]
  const { url, upstream } = await doorTo(t, script, {}, cachingPolicy())
  await get(url)
  t.match(await get(url), { status: 200, body: 'whole' })
  t.equal(upstream.requests.length, 3)
})

t.test('what changed takes the place of what was stored', async (t) => {
  const script: Script = (_, index) =>
    index === 0 ? answer(200, 'old', STALE) : answer(200, 'new', { 'cache-control': 'max-age=600', etag: '"two"' })
  const { url, upstream } = await doorTo(t, script, {}, cachingPolicy())
  t.equal((await get(url)).body, 'old')
  t.equal((await get(url)).body, 'new')
  t.equal((await get(url)).body, 'new')
  t.equal(upstream.requests.length, 2)
})

t.test('stale-while-revalidate: the client does not wait, and the next one has what is new', async (t) => {
  const gate = Promise.withResolvers<void>()
  const script: Script = (_, index) => {
    const stale = { ...STALE, 'cache-control': 'max-age=10, stale-while-revalidate=600' }
    if (index === 0) return answer(200, 'old', stale)
    return [gate.promise, ...answer(200, 'new', { 'cache-control': 'max-age=600' })]
  }
  const { url, upstream, services } = await doorTo(t, script, {}, cachingPolicy())
  await get(url)
  const stale = await Promise.all([get(url), get(url), get(url)])
  for (const one of stale) {
    t.match(one, { status: 200, body: 'old', headers: { age: /2\d/, 'cache-status': /^polycdn; hit; ttl=-1\d$/ } })
  }
  await upstream.received(2)
  gate.resolve()
  await until(() => services.cache.fetches === 0, { what: 'the end of the fetch' })
  t.match(await get(url), { body: 'new', headers: { 'cache-status': /hit/ } })
  t.equal(upstream.requests.length, 2, 'asked once for all three')
  t.equal(upstream.requests[1]!.header('if-none-match'), '"one"')
})

t.test('no CDN and no origin: what is stale is served for stale-if-error, and then 502', async (t) => {
  const upstream = await scriptedUpstream(t, answer(200, 'stale', STALE))
  const origin = await scriptedUpstream(t, answer(200, 'origin'))
  const rules = (staleIfError: number) => policy({ cache: caching({ rules: { ...DEFAULT_RULES, staleIfError } }) })
  const sites = (staleIfError: number) => {
    const edge = endpoint(upstream.url, { cdn: cdn('edge') })
    return [site({ endpoints: [edge], origin: [endpoint(origin.url)], policy: rules(staleIfError) })]
  }
  const long = await door(t, { sites: sites(3_600_000) })
  const short = await door(t, { sites: sites(5_000) })
  for (const { url } of [long, short]) t.equal((await get(url)).body, 'stale')
  await upstream.refuse()
  await origin.refuse()
  const served = await get(long.url)
  t.match(served, { status: 200, body: 'stale', headers: { age: /2\d/ } })
  t.match(served.headers['cache-status'], /^polycdn; fwd=stale; ttl=-1\d; detail=stale-if-error$/)
  t.notOk('warning' in served.headers)
  t.match((await long.services.ended(2))[1], { cache: 'stale', status: 200, cdn: null, attempts: [{}, {}] })
  const refused = await get(short.url)
  t.equal(refused.status, 502)
  t.notOk('cache-status' in refused.headers, 'RFC 9211 section 2')
})

t.test('an error of an upstream is no better than what is stale, unless that may not be used', async (t) => {
  const script: Script = ({ target }, index) => {
    if (index > 1) return answer(503, 'ill')
    return answer(
      200,
      'stale',
      target === '/must' ? { ...STALE, 'cache-control': 'max-age=10, must-revalidate' } : STALE,
    )
  }
  const { url } = await doorTo(t, script, {}, cachingPolicy())
  await get(`${url}/may`)
  await get(`${url}/must`)
  t.match(await get(`${url}/may`), { status: 200, body: 'stale' })
  t.match(await get(`${url}/must`), { status: 503, body: 'ill' })
})

t.test('another CDN is asked for a confirmation only by what it cannot mean otherwise', async (t) => {
  const weak = {
    'cache-control': 'max-age=10',
    age: '20',
    etag: 'W/"one"',
    'last-modified': 'Fri, 20 Nov 2026 00:00:00 GMT',
  }
  const a = await scriptedUpstream(t, answer(200, 'a', weak))
  const b = await scriptedUpstream(t, answer(200, 'b', weak))
  const endpoints = [a, b].map(({ url }, at) => endpoint(url, { cdn: cdn(`cdn-${at}`) }))
  const { url } = await door(t, { sites: [site({ endpoints, policy: cachingPolicy() })] })
  t.equal((await get(url)).body, 'a')
  await a.refuse()
  t.equal((await get(url)).body, 'b')
  t.equal(b.requests[0]!.header('if-none-match'), undefined)
  t.equal(b.requests[0]!.header('if-modified-since'), undefined)
})
