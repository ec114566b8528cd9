import { request } from 'node:http'
import t from 'tap'
import { get, keepAlive } from '../helpers/http.ts'
import { answer, countedBody, cut, head } from '../helpers/misbehaviour.ts'
import { type Script, scriptedUpstream } from '../helpers/scripted-upstream.ts'
import { until } from '../helpers/wait.ts'
import { cachingPolicy } from '../http/support/caching.ts'
import { door, doorTo } from '../http/support/door.ts'
import { cdn, endpoint, site } from '../http/support/services.ts'

const FRESH = { 'cache-control': 'max-age=600', etag: '"one"' }
const BODY = countedBody(400_000)
const CLIENTS = 200

t.test('200 clients ask at once: one question, and all have every byte', async (t) => {
  const gate = Promise.withResolvers<void>()
  const script: Script = () => [
    gate.promise,
    head(200, { ...FRESH, 'content-length': String(BODY.length) }),
    BODY.slice(0, 200_000),
    BODY.slice(200_000),
  ]
  const { url, upstream, services } = await doorTo(t, script, {}, cachingPolicy())
  const agent = keepAlive(t, CLIENTS)
  const all = Array.from({ length: CLIENTS }, () => get(url, { agent }))
  await until(() => services.cache.waiting === CLIENTS - 1, { what: () => `${services.cache.waiting} that wait` })
  gate.resolve()
  const got = await Promise.all(all)
  t.ok(got.every(({ status, body }) => status === 200 && body === BODY))
  t.equal(upstream.requests.length, 1)
  const results = (await services.ended(CLIENTS)).map(({ cache }) => cache)
  t.equal(results.filter((one) => one === 'collapsed').length, CLIENTS - 1)
  t.equal(got.filter(({ headers }) => /collapsed/.test(headers['cache-status'] as string)).length, CLIENTS - 1)
  t.equal(services.cache.fetches, 0)
})

t.test('an upstream that dies in the middle is continued by another: one body for all', async (t) => {
  const gate = Promise.withResolvers<void>()
  const a = await scriptedUpstream(t, () => [gate.promise, ...cut(BODY, 200_000, 'reset!', FRESH)])
  const b = await scriptedUpstream(t, (asked) => {
    const from = Number(/^bytes=(\d+)-/.exec(asked.header('range')!)![1])
    const range = { 'content-range': `bytes ${from}-${BODY.length - 1}/${BODY.length}` }
    return answer(206, BODY.slice(from), { ...FRESH, ...range })
  })
  const endpoints = [a, b].map(({ url }, at) => endpoint(url, { cdn: cdn(`cdn-${at}`) }))
  const { url, services } = await door(t, { sites: [site({ endpoints, policy: cachingPolicy() })] })
  const agent = keepAlive(t, CLIENTS)
  const all = Array.from({ length: CLIENTS }, () => get(url, { agent }))
  await until(() => services.cache.waiting === CLIENTS - 1)
  gate.resolve()
  t.ok((await Promise.all(all)).every(({ status, body }) => status === 200 && body === BODY))
  t.same([a.requests.length, b.requests.length], [1, 1])
  t.match(await get(url), { body: BODY, headers: { 'cache-status': /hit/ } })
})

t.test('what cannot be continued is cut for everybody, and stored for nobody', async (t) => {
  const gate = Promise.withResolvers<void>()
  const script: Script = (_, index) =>
    index === 0 ? [gate.promise, ...cut(BODY, 200_000, 'reset!', FRESH)] : answer(200, 'again', FRESH)
  const { url, services } = await doorTo(t, script, {}, cachingPolicy())
  const all = Array.from({ length: 5 }, () =>
    get(url).then(
      () => 'whole',
      () => 'cut',
    ),
  )
  await until(() => services.cache.waiting === 4)
  gate.resolve()
  t.same(new Set(await Promise.all(all)), new Set(['cut']))
  t.match(await get(url), { body: 'again', headers: { 'cache-status': /fwd=uri-miss/ } })
  const lines = await services.ended(6)
  t.equal(lines.filter(({ aborted }) => aborted).length, 5)
})

t.test('what is for one client is asked for by each of those who waited', async (t) => {
  const gate = Promise.withResolvers<void>()
  const script: Script = (_, index) => {
    const own = answer(200, `for ${index}`, { 'cache-control': 'private' })
    return index === 0 ? [gate.promise, ...own] : own
  }
  const { url, upstream, services } = await doorTo(t, script, {}, cachingPolicy())
  const all = Array.from({ length: 5 }, () => get(url))
  await until(() => services.cache.waiting === 4)
  gate.resolve()
  const bodies = (await Promise.all(all)).map(({ body }) => body)
  t.equal(new Set(bodies).size, 5)
  t.equal(upstream.requests.length, 5)
})

t.test('variants: those who want another one wait for one of theirs', async (t) => {
  const gate = Promise.withResolvers<void>()
  const script: Script = (asked, index) => {
    const own = answer(200, asked.header('accept-language')!, { ...FRESH, vary: 'accept-language' })
    return index === 0 ? [gate.promise, ...own] : own
  }
  const { url, upstream, services } = await doorTo(t, script, {}, cachingPolicy())
  const ask = (language: string) => get(url, { headers: { 'accept-language': language } })
  const first = ask('de')
  await upstream.received(1)
  const others = ['de', 'fr', 'fr', 'fr'].map(ask)
  await until(() => services.cache.waiting === 4)
  gate.resolve()
  t.equal((await first).body, 'de')
  t.same(
    (await Promise.all(others)).map(({ body }) => body),
    ['de', 'fr', 'fr', 'fr'],
  )
  t.equal(upstream.requests.length, 2)
})

t.test('the client that asked first leaves: those who wait get all of it', async (t) => {
  const gate = Promise.withResolvers<void>()
  const script: Script = () => [gate.promise, ...answer(200, BODY, FRESH)]
  const { url, upstream, services } = await doorTo(t, script, {}, cachingPolicy())
  const first = request(url).on('error', () => {})
  first.end()
  await upstream.received(1)
  const other = get(url)
  await until(() => services.cache.waiting === 1)
  first.destroy()
  gate.resolve()
  t.equal((await other).body, BODY)
  t.equal(upstream.requests.length, 1)
  const lines = await services.ended(2)
  t.same(lines.map(({ error }) => error).sort(), [null, 'client_gone'].sort())
})

t.test('the only client leaves before anything came: nobody asks any more', async (t) => {
  const { url, upstream, services } = await doorTo(t, ['stall!'], {}, cachingPolicy())
  const only = request(url).on('error', () => {})
  only.end()
  await upstream.received(1)
  only.destroy()
  await until(() => upstream.abandoned === 1 || upstream.open === 0)
  t.match(await services.ended(1), [{ status: 499, error: 'client_gone' }])
  t.equal(services.cache.fetches, 0)
})

t.test('a client that takes nothing holds nobody up', async (t) => {
  const big = countedBody(8 * 2 ** 20)
  const gate = Promise.withResolvers<void>()
  const script: Script = () => [gate.promise, ...answer(200, big, FRESH)]
  const gateway = await doorTo(t, script, {}, cachingPolicy())
  const slow = request(gateway.url).on('error', () => {})
  slow.on('response', (response) => response.pause()).end()
  t.teardown(() => slow.destroy())
  await gateway.upstream.received(1)
  const other = get(gateway.url)
  await until(() => gateway.services.cache.waiting === 1)
  gate.resolve()
  t.equal((await other).body, big)
  t.equal(gateway.upstream.requests.length, 1)
})
