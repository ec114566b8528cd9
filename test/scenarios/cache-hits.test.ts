import t from 'tap'
import { get } from '../helpers/http.ts'
import { answer, chunked, countedBody } from '../helpers/misbehaviour.ts'
import type { RecordedRequest } from '../helpers/recorded-request.ts'
import type { Script } from '../helpers/scripted-upstream.ts'
import { cachingPolicy } from '../http/support/caching.ts'
import { doorTo } from '../http/support/door.ts'

const FRESH = { 'cache-control': 'max-age=600', etag: '"one"' }

const serve = (script: Script) => doorTo(t, script, {}, cachingPolicy())

t.test('what is fresh is served without a question, with its age and why', async (t) => {
  const { url, upstream, services } = await serve(() => answer(200, 'stored', FRESH))
  const first = await get(`${url}/a`)
  t.match(first, {
    status: 200,
    body: 'stored',
    headers: { 'cache-status': /^polycdn; fwd=uri-miss; stored; ttl=(600|599)$/ },
  })
  t.notOk('age' in first.headers, 'it was made for this request')
  const second = await get(`${url}/a`)
  t.match(second, { status: 200, body: 'stored', headers: { age: '0', etag: '"one"', 'content-length': '6' } })
  t.match(second.headers['cache-status'], /^polycdn; hit; ttl=(600|599)$/)
  t.equal(second.headers.via, '1.1 polycdn')
  t.equal(upstream.requests.length, 1)
  const lines = await services.ended(2)
  t.match(lines[0], { cache: 'miss', cdn: 'edge', bytes: 6 })
  t.match(lines[1], { cache: 'hit', cdn: null, attempts: [], bytes: 6 })
})

t.test('the age that an answer came with counts', async (t) => {
  const { url } = await serve(() => answer(200, 'old', { ...FRESH, age: '100' }))
  t.match((await get(url)).headers, { age: '100', 'cache-status': /^polycdn; fwd=uri-miss; stored; ttl=(500|499)$/ })
  t.match((await get(url)).headers, { age: /10[01]/ })
})

t.test('who asked gets the age that came, and all others the age that it has (RFC 9111 section 4.2.3)', async (t) => {
  const date = new Date(Date.now() - 100_000).toUTCString()
  const { url } = await serve(({ target }) =>
    answer(200, 'old', { ...FRESH, date, ...(target === '/7' ? { age: '7' } : {}) }),
  )
  t.notOk('age' in (await get(`${url}/0`)).headers, 'how long it was on its way is for the client to count')
  t.match((await get(`${url}/7`)).headers, { age: '7' })
  for (const path of ['/0', '/7']) t.match((await get(`${url}${path}`)).headers, { age: /^1\d\d$/ }, path)
})

t.test('what has no length is stored with one', async (t) => {
  const { url, upstream } = await serve(() => chunked(['hel', 'lo'], FRESH))
  t.equal((await get(url)).body, 'hello')
  t.match(await get(url), { body: 'hello', headers: { 'content-length': '5' } })
  t.match(await get(url, { headers: { range: 'bytes=1-2' } }), { status: 206, body: 'el' })
  t.equal(upstream.requests.length, 1)
})

t.test('HEAD is answered from what GET stored, and stores nothing itself', async (t) => {
  const script = ({ method }: RecordedRequest) => answer(200, method === 'HEAD' ? '' : 'stored', FRESH)
  const { url, upstream } = await serve(script)
  await get(url, { method: 'HEAD' })
  await get(url)
  t.equal(upstream.requests.length, 2)
  t.match(await get(url, { method: 'HEAD' }), {
    status: 200,
    body: '',
    headers: { 'content-length': '6', etag: '"one"' },
  })
  t.equal(upstream.requests.length, 2)
})

t.test('parts and conditions are answered from what is stored', async (t) => {
  const body = countedBody(1000)
  const { url, upstream } = await serve(() => answer(200, body, FRESH))
  const first = await get(url, { headers: { range: 'bytes=10-19' } })
  t.match(first, { status: 206, body: body.slice(10, 20), headers: { 'content-range': 'bytes 10-19/1000' } })
  t.equal(upstream.requests[0]!.header('range'), undefined, 'the whole was asked for')
  const ask = (headers: Record<string, string>) => get(url, { headers })
  t.match(await ask({ range: 'bytes=-5' }), { status: 206, body: body.slice(-5) })
  t.match(await ask({ range: 'bytes=2000-' }), { status: 416, headers: { 'content-range': 'bytes */1000' } })
  t.match(await ask({ range: 'bytes=0-1', 'if-range': '"one"' }), { status: 206 })
  t.match(await ask({ range: 'bytes=0-1', 'if-range': '"two"' }), { status: 200, body })
  const same = await ask({ 'if-none-match': 'W/"one"' })
  t.match(same, { status: 304, body: '', headers: { etag: '"one"', 'cache-control': 'max-age=600' } })
  t.notOk('content-length' in same.headers)
  const several = await ask({ range: 'bytes=0-4,500-504' })
  t.match(several.headers['content-type'], /^multipart\/byteranges; boundary=/)
  t.equal(Number(several.headers['content-length']), several.body.length)
  t.ok(several.body.includes(body.slice(500, 505)))
  t.equal(upstream.requests.length, 1)
})

t.test('a first request with a condition gets what the whole answer says of it', async (t) => {
  const { url, upstream } = await serve(() => answer(200, 'stored', FRESH))
  t.match(await get(url, { headers: { 'if-none-match': '"one"' } }), { status: 304, body: '' })
  t.equal(upstream.requests[0]!.header('if-none-match'), undefined)
  t.match(await get(url), { status: 200, body: 'stored', headers: { 'cache-status': /hit/ } })
})

t.test(
  'what is not to be stored passes as it is, and parts of it are asked for in the words of the client',
  async (t) => {
    const { url, upstream } = await serve((request) => {
      const isPart = request.header('range') !== undefined
      const fields = { 'cache-control': 'no-store', ...(isPart ? { 'content-range': 'bytes 0-1/6' } : {}) }
      return answer(isPart ? 206 : 200, isPart ? 'pa' : 'passed', fields)
    })
    t.match(await get(url, { headers: { range: 'bytes=0-1' } }), { status: 206, body: 'pa' })
    t.equal(upstream.requests.length, 2)
    t.match(await get(url, { headers: { range: 'bytes=0-1' } }), { status: 206, body: 'pa' })
    t.equal(upstream.requests.length, 3, 'that is remembered')
    const passed = await get(url)
    t.match(passed, { status: 200, body: 'passed', headers: { 'cache-status': 'polycdn; fwd=uri-miss' } })
    t.match(passed.headers['server-timing'], /^cdn;desc=edge/)
  },
)

t.test('each variant is stored, and given to those who asked alike', async (t) => {
  const script: Script = (request) =>
    answer(200, `in ${request.header('accept-language')}`, { ...FRESH, vary: 'Accept-Language' })
  const { url, upstream } = await serve(script)
  const ask = async (language: string) => (await get(url, { headers: { 'accept-language': language } })).body
  t.equal(await ask('de'), 'in de')
  t.equal(await ask('fr'), 'in fr')
  t.equal(await ask('de'), 'in de')
  t.equal(await ask('FR'), 'in fr')
  t.equal(upstream.requests.length, 2)
})

t.test('only-if-cached: 504 where nothing is stored', async (t) => {
  const { url, upstream } = await serve(() => answer(200, 'stored', FRESH))
  const ask = () => get(url, { headers: { 'cache-control': 'only-if-cached' } })
  t.match(await ask(), { status: 504 })
  t.equal(upstream.requests.length, 0)
  await get(url)
  t.match(await ask(), { status: 200, body: 'stored' })
})

t.test('what is larger than max_object passes', async (t) => {
  const body = countedBody(3000)
  const { url, upstream } = await doorTo(
    t,
    (_, index) => (index < 2 ? answer(200, body, FRESH) : chunked([body.slice(0, 1500), body.slice(1500)], FRESH)),
    {},
    cachingPolicy({ maxObject: 2048 }),
  )
  for (let at = 1; at <= 4; at++) {
    t.equal((await get(url)).body, body)
    t.equal(upstream.requests.length, at)
  }
})
