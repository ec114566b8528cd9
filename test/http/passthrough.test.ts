import { METHODS } from 'node:http'
import t from 'tap'
import { silentServer } from '../delivery/support/tls.ts'
import { answer, countedBody, head } from '../helpers/misbehaviour.ts'
import { rawClient } from '../helpers/raw-client.ts'
import { field } from '../helpers/raw-response.ts'
import { type Step, scriptedUpstream } from '../helpers/scripted-upstream.ts'
import { until } from '../helpers/wait.ts'
import { front } from './support/front.ts'
import { cdn, endpoint, NO_RULES, policy, site, snapshot, testServices } from './support/services.ts'
import { post, through } from './support/through.ts'

t.test('every method but GET, HEAD, CONNECT and TRACE reaches the origin as it is', async (t) => {
  const { upstream, client, services } = await through(t)
  const methods = METHODS.filter((method) => !['GET', 'HEAD', 'CONNECT', 'TRACE'].includes(method))
  t.ok(methods.includes('PROPFIND') && methods.includes('QUERY'), 'unusual ones too')
  for (const [at, method] of methods.entries()) {
    client.send(`${method} /dav HTTP/1.1\r\nhost: www.example.com\r\ncontent-length: 2\r\n\r\n{}`)
    const answers = await client.responses(at + 1)
    t.equal(answers[at]!.status, 200, method)
    t.equal(upstream.requests[at]!.method, method)
    t.equal(upstream.requests[at]!.body.toString(), '{}')
  }
  client.send('TRACE / HTTP/1.1\r\nhost: www.example.com\r\n\r\n')
  const refused = (await client.responses(methods.length + 1)).at(-1)!
  t.equal(refused.status, 405)
  t.equal(upstream.requests.length, methods.length)
  t.same(services.errors, [])
})

t.test('bodies of every kind pass byte for byte', async (t) => {
  const { upstream, client } = await through(t)
  const binary = Buffer.from(Array.from({ length: 256 }, (_, at) => at)).toString('latin1')
  const cases: [type: string | null, body: string][] = [
    ['text/plain', 'caf\xc3\xa9 \xff\xfe'],
    ['application/json', '{ "a" : 1,\n "a": 2 }'],
    ['application/json', 'this is no JSON'],
    ['application/x-www-form-urlencoded', 'a=1&a=2&b=%20+'],
    ['multipart/form-data; boundary=x', '--x\r\ncontent-disposition: form-data; name="f"\r\n\r\n\r\n--x--\r\n'],
    [';;; no/media type', binary],
    [null, binary],
  ]
  for (const [at, [type, body]] of cases.entries()) {
    client.send(post(body, type === null ? {} : { 'content-type': type }))
    await client.responses(at + 1)
    const received = upstream.requests[at]!
    t.equal(received.body.toString('latin1'), body, `${type}`)
    t.equal(received.header('content-type'), type ?? undefined)
    t.equal(received.header('content-length'), String(body.length))
    t.equal(received.header('transfer-encoding'), undefined)
  }
})

t.test('five megabytes, by length and in chunks, arrive whole and come back whole', async (t) => {
  const { upstream, client } = await through(t, (request) => answer(200, request.body.toString('latin1')))
  const body = countedBody(5 * 1024 * 1024)
  client.send(post(body))
  const [byLength] = await client.responses(1)
  t.equal(upstream.requests[0]!.body.toString('latin1') === body, true)
  t.equal(byLength!.body.toString('latin1') === body, true)

  const second = await rawClient(t, { port: client.socket.remotePort! })
  second.send('PUT /big HTTP/1.1\r\nhost: www.example.com\r\ntransfer-encoding: chunked\r\n\r\n')
  for (let at = 0; at < body.length; at += 100_000) {
    const part = body.slice(at, at + 100_000)
    second.send(`${part.length.toString(16)}\r\n${part}\r\n`)
  }
  second.send('0\r\n\r\n')
  const [inChunks] = await second.responses(1)
  t.equal(inChunks!.body.toString('latin1') === body, true)
  t.equal(upstream.requests[1]!.header('transfer-encoding'), 'chunked')
  t.equal(upstream.requests[1]!.header('content-length'), undefined)
})

t.test('paths and queries reach the origin as the client wrote them', async (t) => {
  const { upstream, client } = await through(t)
  const targets = [
    '//x//y',
    '/%ff',
    '/a%2Fb%5Cc..%2f',
    '/a?b=1&b=2&c=%20+&d',
    '/a?',
    '/?//x/../y',
    '//evil.example/%2e.',
  ]
  const expected = targets.map((target) => (target === '//evil.example/%2e.' ? '//' : target))
  for (const [at, target] of targets.entries()) {
    client.send(post('x', {}, `POST ${target}`))
    const answers = await client.responses(at + 1)
    t.equal(answers[at]!.status, 200, target)
    t.equal(upstream.requests[at]?.target, expected[at])
  }
})

t.test('a base path and a template stand in front of the path', async (t) => {
  const upstream = await scriptedUpstream(t, answer())
  const origin = [endpoint(`${upstream.url}/base`, { pathTemplate: '/v1{path}' })]
  const gateway = await front(t, testServices(t, { sites: [site({ origin })] }))
  const client = await rawClient(t, gateway)
  client.send(post('x', {}, 'POST /a?q=1'))
  await client.responses(1)
  t.equal(upstream.requests[0]!.target, '/base/v1/a?q=1')
})

t.test('the header fields that the origin receives', async (t) => {
  const { upstream, client } = await through(t)
  const fields = {
    Connection: 'keep-alive, X-Hop',
    'X-Hop': 'only for the gateway',
    'Proxy-Authorization': 'Basic eDp5',
    TE: 'trailers',
    Authorization: 'Bearer t',
    Cookie: 'a=1; b=2',
    Origin: 'https://www.example.com',
    'X-Forwarded-For': '192.0.2.1',
    'X-Mixed-Case': 'kept',
  }
  client.send(post('x', fields))
  await client.responses(1)
  const { header, fields: received } = upstream.requests[0]!
  t.equal(header('host'), 'www.example.com', 'preserved')
  for (const gone of ['x-hop', 'proxy-authorization', 'te', 'expect', 'keep-alive'])
    t.equal(header(gone), undefined, gone)
  t.equal(header('authorization'), 'Bearer t')
  t.equal(header('cookie'), 'a=1; b=2')
  t.equal(header('origin'), 'https://www.example.com')
  t.equal(header('x-forwarded-for'), '127.0.0.1', 'a client is not believed')
  t.equal(header('x-forwarded-host'), 'www.example.com')
  t.equal(header('via'), '1.1 polycdn')
  t.equal(header('cdn-loop'), 'polycdn-test')
  t.ok(
    received.some(([name]) => name === 'X-Mixed-Case'),
    'names keep their case',
  )
  t.equal(received.filter(([name]) => name.toLowerCase() === 'content-length').length, 1)
})

t.test('the configured Host, and a CDN that unsafe_methods names', async (t) => {
  const viaCdn = await scriptedUpstream(t, answer())
  const unsafe = endpoint(viaCdn.url, {
    cdn: cdn('waf', { headers: { ...NO_RULES, request: { set: [['x-key', 'k']], remove: ['x-secret'] } } }),
    hostHeader: 'www.cdn.test',
  })
  const { upstream, client, services } = await through(t, answer(), { unsafeEndpoints: [unsafe] })
  client.send(post('x', { 'X-Secret': 's' }))
  await client.responses(1)
  t.equal(upstream.requests.length, 0, 'not the origin')
  const { header } = viaCdn.requests[0]!
  t.equal(header('host'), 'www.cdn.test')
  t.equal(header('x-key'), 'k')
  t.equal(header('x-secret'), undefined)
  t.equal(header('x-forwarded-for'), undefined, 'client_ip: none')
  const [line] = await services.ended(1)
  t.equal(line!.cdn, 'waf')
})

t.test('a 100 comes when the content is wanted, and not before a refusal', async (t) => {
  const { upstream, client, gateway } = await through(t)
  client.send('POST / HTTP/1.1\r\nhost: www.example.com\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n')
  await client.received('100 Continue')
  client.send('body')
  const [first] = await client.responses(1)
  t.same(first!.interim, [100], 'once')
  t.equal(first!.status, 200)
  t.equal(upstream.requests[0]!.body.toString(), 'body')
  t.equal(upstream.requests[0]!.header('expect'), undefined)

  const refused = await rawClient(t, gateway)
  refused.send('POST / HTTP/1.1\r\nhost: a b\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n')
  const [second] = await refused.responses(1)
  t.equal(second!.status, 400)
  t.same(second!.interim, [])
  t.equal(await refused.ended(), 'fin')
})

t.test('the answer reaches the client as it is, but for what belongs to the hop', async (t) => {
  const upstream: Step[] = [
    head(207, {
      'content-length': '9',
      'Content-Encoding': 'gzip',
      'Set-Cookie': 'a=1\r\nset-cookie: b=2; Path=/',
      'X-Answer': 'caf\xe9',
      Connection: 'keep-alive, x-hop',
      'X-Hop': '1',
      'Keep-Alive': 'timeout=5',
      'Alt-Svc': 'h3=":443"',
      Date: 'Tue, 10 Nov 2026 10:00:00 GMT',
    }),
    'not gzip!',
  ]
  const { client, services } = await through(t, upstream)
  client.send(post('x', { 'accept-encoding': 'gzip' }))
  const [got] = await client.responses(1)
  t.equal(got!.status, 207)
  t.equal(got!.body.toString(), 'not gzip!')
  t.same(
    got!.fields.filter(([name]) => name === 'Set-Cookie' || name === 'set-cookie').map(([, value]) => value),
    ['a=1', 'b=2; Path=/'],
  )
  t.equal(field(got!, 'x-answer'), 'caf\xe9')
  t.equal(field(got!, 'content-encoding'), 'gzip')
  t.equal(field(got!, 'date'), 'Tue, 10 Nov 2026 10:00:00 GMT')
  t.match(field(got!, 'server-timing'), /^cdn;desc=origin;dur=[\d.]+$/)
  t.equal(field(got!, 'via'), '1.1 polycdn')
  for (const gone of ['x-hop', 'alt-svc']) t.equal(field(got!, gone), undefined, gone)

  const [line] = await services.ended(1)
  t.match(line, { site: 'www', method: 'POST', status: 207, bytes: 9, cdn: 'origin', reason: 'origin', error: null })
  t.match(line!.attempts, [{ cdn: 'origin', outcome: 'served', status: 207, code: null }])
  t.equal(services.metrics.requests.child('www', 'origin', '2xx').value, 1)
})

t.test('unusual statuses are kept, and answers without a body have none', async (t) => {
  const statuses = [201, 204, 205, 299, 304, 418, 451, 499, 507, 599]
  const { client } = await through(t, (_request, at) =>
    [204, 304].includes(statuses[at]!) ? [head(statuses[at]!)] : answer(statuses[at]!),
  )
  for (const [at, status] of statuses.entries()) {
    client.send(post('x'))
    t.equal((await client.responses(at + 1))[at]!.status, status)
  }
})

t.test('a redirect to the origin itself leads to the site, others stay', async (t) => {
  const locations: string[] = []
  const { upstream, client } = await through(t, (_request, at) => answer(303, '', { location: locations[at]! }))
  locations.push(`${upstream.url}/done?x=1`, 'https://elsewhere.example/', '/relative')
  client.send(post('x')).send(post('x')).send(post('x'))
  const got = await client.responses(3)
  t.same(
    got.map((each) => field(each, 'location')),
    ['http://www.example.com/done?x=1', 'https://elsewhere.example/', '/relative'],
  )
})

t.test('an upstream 503 is relayed at once: the plugin retries nothing', async (t) => {
  const { upstream, client } = await through(t, answer(503, 'busy\n', { 'retry-after': '7' }))
  client.send('OPTIONS / HTTP/1.1\r\nhost: www.example.com\r\n\r\n')
  const [got] = await client.responses(1)
  t.equal(got!.status, 503)
  t.equal(got!.body.toString(), 'busy\n')
  t.equal(field(got!, 'retry-after'), '7')
  t.equal(upstream.requests.length, 1)
})

t.test('a site without an origin refuses, as does an unknown host', async (t) => {
  const only = site({ hosts: ['www.example.com'] })
  const services = testServices(t, { sites: [only] })
  const gateway = await front(t, services)
  const client = await rawClient(t, gateway)
  client.send('DELETE /x HTTP/1.1\r\nhost: www.example.com\r\n\r\nDELETE /x HTTP/1.1\r\nhost: other.example\r\n\r\n')
  const [noOrigin, unknown] = await client.responses(2)
  t.equal(noOrigin!.status, 405)
  t.equal(unknown!.status, 404)
  const lines = await services.ended(2)
  t.same(
    lines.map(({ error }) => error),
    ['method_not_allowed', 'unknown_host'],
  )
})

t.test('more than 128 requests at once do not queue', async (t) => {
  const all = Promise.withResolvers<void>()
  const { upstream, gateway } = await through(t, () => [all.promise, ...answer()])
  const clients = await Promise.all(Array.from({ length: 150 }, () => rawClient(t, gateway)))
  for (const client of clients) client.send(post('x'))
  await upstream.received(150)
  all.resolve()
  for (const client of clients) t.equal((await client.responses(1))[0]!.status, 200)
})

t.test('a request keeps its Generation across a reload, also for its next try', async (t) => {
  const silent = await silentServer(t)
  const upstream = await scriptedUpstream(t, answer(200, 'old\n'))
  const origin = [endpoint(silent.url.replace('http:', 'https:')), endpoint(upstream.url)]
  const services = testServices(t, { sites: [site({ origin, policy: policy({}, { connectTimeout: 300 }) })] })
  const client = await rawClient(t, await front(t, services))
  client.send(post('x'))
  t.equal((await client.responses(1))[0]!.body.toString(), 'old\n', 'both have a pool now')
  const before = silent.sockets.size
  client.send(post('x'))
  await until(() => silent.sockets.size > before, { what: 'the dial' })
  const other = await scriptedUpstream(t, answer(200, 'new\n'))
  const retired = services.reload(snapshot({ sites: [site({ origin: [endpoint(other.url)] })] }))
  t.equal((await client.responses(2))[1]!.body.toString(), 'old\n')
  for (const socket of silent.sockets) socket.destroy()
  await retired
  client.send(post('x'))
  t.equal((await client.responses(3))[2]!.body.toString(), 'new\n')
})

t.test('OPTIONS * stays *', async (t) => {
  const { upstream, client } = await through(t)
  client.send('OPTIONS * HTTP/1.1\r\nhost: www.example.com\r\n\r\n')
  const [got] = await client.responses(1)
  t.equal(got!.status, 200)
  t.equal(upstream.requests[0]!.target, '*')
})
