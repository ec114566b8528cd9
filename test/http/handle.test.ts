import t from 'tap'
import { get } from '../helpers/http.ts'
import { answer, chunked, cut, head } from '../helpers/misbehaviour.ts'
import { rawClient, rawExchange } from '../helpers/raw-client.ts'
import { field, parseResponses } from '../helpers/raw-response.ts'
import { scriptedUpstream } from '../helpers/scripted-upstream.ts'
import { door, doorTo } from './support/door.ts'
import { cdn, endpoint, networkSet, policy, site } from './support/services.ts'

t.test('GET: the answer of the CDN, whole, with what a gateway owes', async (t) => {
  const fields = { etag: '"x"', 'set-cookie': 'a=1', 'alt-svc': 'h3=":443"' }
  const { url, upstream } = await doorTo(t, answer(200, 'hello', fields))
  const got = await get(`${url}/a/b?c=d`, { headers: { host: 'www.test', cookie: 'e=f' } })
  t.match(got, { status: 200, body: 'hello' })
  t.match(got.headers, { etag: '"x"', 'set-cookie': ['a=1'], via: '1.1 polycdn', 'content-length': '5' })
  t.match(got.headers['server-timing'], /^cdn;desc=edge;dur=\d+\.\d$/)
  t.equal(got.headers['alt-svc'], undefined)
  t.equal(got.headers['polycdn-decision'], undefined)
  const asked = upstream.requests[0]!
  t.match(asked, { method: 'GET', target: '/a/b?c=d', version: 'HTTP/1.1' })
  t.equal(asked.header('host'), 'www.test')
  t.equal(asked.header('cookie'), 'e=f')
  t.equal(asked.header('via'), '1.1 polycdn')
  t.equal(asked.header('cdn-loop'), 'polycdn-test')
})

t.test('HEAD: the head and no body, and the connection goes on', async (t) => {
  const door = await doorTo(t, (request) =>
    request.method === 'HEAD' ? [head(200, { 'content-length': '1000' })] : answer(),
  )
  const client = await rawClient(t, door)
  client.send('HEAD /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n')
  const [first, second] = await client.responses(2, ['HEAD', 'GET'])
  t.equal(field(first!, 'content-length'), '1000')
  t.equal(second?.body.toString(), 'ok\n')
  t.same(
    door.upstream.requests.map(({ method, target }) => `${method} ${target}`),
    ['HEAD /a', 'GET /b'],
  )
})

t.test('Range and conditions go up, 206 and 304 come down', async (t) => {
  const { url, upstream } = await doorTo(t, (request) => {
    if (request.header('range') !== undefined) return answer(206, 'ell', { 'content-range': 'bytes 1-3/5' })
    return [head(304, { etag: '"x"' })]
  })
  const part = await get(url, { headers: { range: 'bytes=1-3', 'if-range': '"x"' } })
  t.match(part, { status: 206, body: 'ell', headers: { 'content-range': 'bytes 1-3/5' } })
  t.equal(upstream.requests[0]!.header('if-range'), '"x"')
  const conditions = { 'if-none-match': '"x"', 'if-modified-since': 'Fri, 20 Nov 2026 00:00:00 GMT' }
  const same = await get(url, { headers: conditions })
  t.match(same, { status: 304, body: '', headers: { etag: '"x"' } })
  t.equal(upstream.requests[1]!.header('if-none-match'), '"x"')
  t.equal(upstream.requests[1]!.header('if-modified-since'), conditions['if-modified-since'])
})

t.test('a body of unknown length arrives in chunks, for HTTP/1.0 to the end of the connection', async (t) => {
  const door = await doorTo(t, chunked(['hel', 'lo']))
  t.equal((await get(door.url)).body, 'hello')
  const client = await rawExchange(t, door, 'GET / HTTP/1.0\r\n\r\n')
  t.match(client.text, /^HTTP\/1\.1 200 [\s\S]*\r\n\r\nhello$/)
  t.notMatch(client.text, /transfer-encoding/i)
  t.equal(client.end, 'fin')
})

const ODD_TARGETS = ['/%ff', '//x', '//x//..y', '/a;b=c', '/%2F', '/?', '/a?%', "/'()*!"]

t.test('odd targets arrive at the upstream byte for byte', async (t) => {
  const door = await doorTo(t, answer())
  const client = await rawClient(t, door)
  for (const [at, target] of ODD_TARGETS.entries()) {
    client.send(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`)
    t.equal((await client.responses(at + 1)).at(-1)!.status, 200, target)
    t.equal(door.upstream.requests.at(-1)!.target, target)
  }
})

t.test('a GET with a body is refused, and nobody takes the body for a request', async (t) => {
  const door = await doorTo(t, answer())
  const request = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n'
  for (const method of ['GET', 'HEAD']) {
    const head = `${method} / HTTP/1.1\r\nHost: a\r\nContent-Length: ${request.length}\r\n\r\n`
    const client = await rawExchange(t, door, head + request)
    t.equal(parseResponses(client.bytes, { methods: [method] })[0]?.status, 400)
  }
  t.equal(door.upstream.connections, 0)
})

t.test('a failover: the next CDN answers, and log and metrics tell', async (t) => {
  const bad = await scriptedUpstream(t, answer(503))
  const good = await scriptedUpstream(t, answer(200, 'good'))
  const endpoints = [endpoint(bad.url, { cdn: cdn('bad') }), endpoint(good.url, { cdn: cdn('good', { priority: 1 }) })]
  const over = { log: { level: 'debug', access: true, clientIp: 'truncated' } } as const
  const { url, services } = await door(t, { sites: [site({ endpoints })], over })
  const headers = { host: 'WWW.test:80', 'user-agent': 'tester' }
  t.match(await get(`${url}/a?secret=1`, { headers }), { status: 200, body: 'good' })
  const [line] = await services.ended(1)
  t.match(line, {
    site: 'www',
    route: 'all',
    client: '127.0.0.0',
    method: 'GET',
    host: 'www.test',
    path: '/a',
    protocol: 'HTTP/1.1',
    status: 200,
    bytes: 4,
    cdn: 'good',
    endpoint: good.url,
    reason: 'failover-error',
    error: null,
    user_agent: 'tester',
    aborted: false,
  })
  t.match(line!.attempts, [
    { cdn: 'bad', endpoint: bad.url, outcome: 'failed', code: 'http_response_status', status: 503 },
    { cdn: 'good', endpoint: good.url, outcome: 'served', code: null, status: 200 },
  ])
  t.notMatch(services.accessLines.all[0], /secret|127\.0\.0\.1"/)
  t.ok(Math.abs(line!.time - Date.now()) < 600_000, 'the time is of the epoch')
  const { body } = await services.metrics.exposition()
  t.match(body, 'polycdn_requests_total{site="www",cdn="good",code="2xx"} 1')
  t.match(body, 'polycdn_attempts_total{cdn="bad",outcome="failed"} 1')
  t.match(body, 'polycdn_attempts_total{cdn="good",outcome="served"} 1')
  t.match(body, 'polycdn_failovers_total{from="bad",to="good",reason="http_response_status"} 1')
  t.match(body, 'polycdn_decisions_total{policy="default",reason="failover"} 1')
  t.match(body, 'polycdn_response_bytes_total{site="www",cdn="good"} 4')
})

t.test('nobody can deliver: 502 with Proxy-Status; a cut body is cut', async (t) => {
  const door = await doorTo(t, ['end!'])
  const got = await get(door.url)
  t.equal(got.status, 502)
  t.equal(got.headers['proxy-status'], 'polycdn; error=connection_terminated; next-hop=edge')
  t.match((await door.services.ended(1))[0], { status: 502, error: 'connection_terminated', cdn: null })
  door.upstream.play(cut('0123456789', 4, 'end!'))
  const client = await rawClient(t, door)
  client.send('GET / HTTP/1.0\r\n\r\n')
  t.equal(await client.ended(), 'reset')
  t.match((await door.services.ended(2))[1], { status: 200, aborted: true, error: 'http_response_incomplete' })
})

t.test('redirect mode', async (t) => {
  const upstream = await scriptedUpstream(t, answer())
  const response = { remove: [], set: [['cache-control', 'public'] as const, ['x-edge', '1'] as const] }
  const edge = cdn('edge', { headers: { request: { set: [], remove: [] }, response } })
  const endpoints = [endpoint(upstream.url, { cdn: edge })]
  const { url, services } = await door(t, { sites: [site({ endpoints, policy: policy({ mode: 'redirect' }) })] })
  for (const method of ['GET', 'HEAD']) {
    const got = await get(`${url}/a.js?v=1`, { method })
    t.match(got, { status: 302, body: '', headers: { location: `${upstream.url}/a.js?v=1`, 'x-edge': '1' } })
    t.equal(got.headers['cache-control'], 'no-store')
  }
  t.match((await services.ended(1))[0], { status: 302, cdn: 'edge', reason: 'failover', attempts: [] })
  t.equal(upstream.requests.length, 0)
  t.equal(
    (await get(`${url}/`, { headers: { 'sec-fetch-mode': 'navigate' } })).status,
    200,
    'a navigation is delivered',
  )
})

t.test('Polycdn-Decision: for debug clients that ask, and for the token', async (t) => {
  const asks = { 'polycdn-debug': '1' }
  const knows = { ...asks, 'polycdn-token': 'opensesame' }
  const debug = { clients: networkSet([]), token: 'opensesame' }
  const open = await doorTo(t, answer())
  const closed = await doorTo(t, answer(), { over: { debug } })
  const none = await doorTo(t, answer(), { over: { debug: { ...debug, token: null } } })
  const decision = async (url: string, headers: Record<string, string>) => {
    const got = await get(url, { headers })
    t.equal(got.status, 200)
    return got.headers['polycdn-decision']
  }
  t.equal(await decision(open.url, {}), undefined)
  const told = JSON.parse(String(await decision(open.url, asks)))
  t.match(told, { client: '127.0.0.1', policy: 'default', candidates: [{ cdn: 'edge', url: open.upstream.url }] })
  t.equal(await decision(closed.url, asks), undefined)
  t.equal(await decision(closed.url, { ...asks, 'polycdn-token': 'wrong' }), undefined)
  t.equal(await decision(closed.url, { 'polycdn-token': 'opensesame' }), undefined, 'it has to be asked for')
  t.not(await decision(closed.url, knows), undefined)
  t.equal(await decision(none.url, { ...asks, 'polycdn-token': '' }), undefined, 'no token is no password')
  t.equal(closed.upstream.requests.at(-1)!.header('polycdn-token'), undefined, 'the token stays here')
})

t.test('a client behind a trusted proxy is no debug client for its proxy’s sake', async (t) => {
  const { url } = await doorTo(t, answer(), { over: { trustedProxies: networkSet(['127.0.0.0/8']) } })
  const asks = { 'polycdn-debug': '1', 'x-forwarded-for': '203.0.113.1' }
  t.equal((await get(url, { headers: asks })).headers['polycdn-decision'], undefined)
  const tricks = ['for=127.0.0.1', 'for=unknown', 'for="', 'for=10.0.0.1, for="[::1]"']
  for (const forwarded of tricks) {
    const got = await get(url, { headers: { ...asks, forwarded } })
    t.equal(got.headers['polycdn-decision'], undefined, forwarded)
  }
})

t.test('a host of nobody: 404, and one line in the log for all of them', async (t) => {
  const upstream = await scriptedUpstream(t, answer())
  const sites = [site({ hosts: ['www.test'], endpoints: [endpoint(upstream.url, { cdn: cdn('edge') })] })]
  const { url, services } = await door(t, { sites })
  for (let i = 0; i < 20; i++) {
    const got = await get(url, { headers: { host: `h${i}.test` } })
    t.match(got, { status: 404, body: /unknown_host/ })
  }
  const lines = services.logLines.records.filter(({ event }) => event === 'unknown-host')
  t.match(lines, [{ host: 'h0.test', hint: /hosts of a site/ }])
  t.equal(lines.length, 1)
  const { body } = await services.metrics.exposition()
  t.match(body, 'polycdn_requests_total{site="_other",cdn="none",code="4xx"} 20')
  t.notMatch(body, /h0\.test/)
  t.equal((await get(url, { headers: { host: 'WWW.TEST.:8080' } })).status, 200, 'the same host in another spelling')
  t.equal(upstream.requests.length, 1)
})

t.test('a loop through a second hop ends with 508', async (t) => {
  const sites = [site({ endpoints: [endpoint('http://127.0.0.1:1', { cdn: cdn('edge') })] })]
  const first = await door(t, { sites })
  const second = await doorTo(t, [], {
    sites: [site({ endpoints: [endpoint(first.url, { cdn: cdn('first') })] })],
    over: { gateway: { location: null, loopId: 'second' } },
  })
  const back = endpoint(second.url, { cdn: cdn('second') })
  const { snapshot } = first.services.current()
  void first.services.reload({ ...snapshot, sites: [site({ endpoints: [back] })], endpoints: [back] })
  const got = await get(first.url)
  t.match(got, { status: 508, body: /loop_detected/ })
  t.match((await second.services.ended(1))[0], { status: 508, cdn: 'first' })
  t.match(
    (await first.services.ended(2)).map(({ status, error }) => [status, error]).sort(),
    [
      [508, 'loop_detected'],
      [508, null],
    ].sort(),
  )
})

t.test('what nobody foresaw costs one request: 500 without a trace, and a line in the log', async (t) => {
  const { url, services } = await doorTo(t, answer())
  const { place } = services
  services.place = () => {
    throw new TypeError('secret detail')
  }
  const got = await get(url)
  t.equal(got.status, 500)
  t.equal(got.body, '500 Internal Server Error: internal error (internal_error)\n')
  t.match(services.logLines.records, [{ event: 'internal-error', error: { message: 'secret detail' } }])
  services.place = place
  t.equal((await get(url)).status, 200)
})

t.test('a client that leaves cancels what was asked for it', async (t) => {
  const door = await doorTo(t, [head(200, { 'content-length': '10' }), 'first', 'stall!'])
  const client = await rawClient(t, door)
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  await client.received('first')
  client.reset()
  t.match((await door.services.ended(1))[0], { error: 'client_gone', aborted: false })
})

t.test('a client that may debug hears the CDN that it names, however that stands, and nobody else', async (t) => {
  const upstream = await scriptedUpstream(t, ({ target }) => (target === '/x' ? answer(503, 'own') : answer(200, 'a')))
  const other = await scriptedUpstream(t, answer(200, 'b'))
  const origin = await scriptedUpstream(t, answer(200, 'origin'))
  const drained = endpoint(upstream.url, { cdn: cdn('drained', { drain: true }) })
  const untrusted = endpoint(other.url, { cdn: cdn('untrusted', { trust: false }) })
  const endpoints = [endpoint(other.url, { cdn: cdn('first') }), drained, untrusted]
  const sites = [site({ origin: [endpoint(origin.url)], endpoints, policy: policy() })]
  const { url, services } = await door(t, { sites, over: { debug: { clients: networkSet([]), token: 'secret' } } })
  const ask = (path: string, name: string, token = 'secret') =>
    get(url + path, { headers: { 'polycdn-cdn': name, 'polycdn-token': token, 'polycdn-debug': '1' } })
  const forced = await ask('/', 'drained')
  t.match(forced, { status: 200, body: 'a' })
  t.match(JSON.parse(String(forced.headers['polycdn-decision'])), {
    candidates: [{ cdn: 'drained', reason: 'override' }],
    rejected: [],
  })
  t.equal(upstream.requests[0]!.header('polycdn-cdn'), undefined)
  t.equal(upstream.requests[0]!.header('polycdn-token'), undefined)
  t.match(await ask('/x', 'drained'), { status: 503, body: 'own' }, 'its own answer, and no failover')
  t.match(await ask('/', 'untrusted'), { status: 503 })
  t.match(await ask('/', 'nobody'), { status: 400, body: /cdn_not_here/ })
  t.match(await ask('/', 'drained', 'wrong'), { status: 200, body: 'b' }, 'others are not heard')
  services.drains.replace(['first'])
  t.match(await ask('/', 'first'), { status: 200, body: 'b' }, 'an operator drained it')
  services.board.corrupt(endpoints[0]!)
  t.match(await ask('/', 'first'), { status: 503 }, 'false bytes are not served, drained or not')
  t.equal(origin.requests.length, 0)
})
