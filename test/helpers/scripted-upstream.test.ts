import { request } from 'node:http'
import t from 'tap'
import { answer, chunked, countedBody, cut, garbage, interimFlood } from './misbehaviour.ts'
import { rawClient, rawExchange } from './raw-client.ts'
import { field } from './raw-response.ts'
import { scriptedUpstream } from './scripted-upstream.ts'
import { until } from './wait.ts'

const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'

t.test('answers pipelined requests in order and records them', async (t) => {
  const upstream = await scriptedUpstream(t, (request) => answer(200, request.target))
  const client = await rawClient(t, upstream)
  client.send(
    'GET /a HTTP/1.1\r\nHost: x\r\nX-Two: 1\r\nx-two: 2\r\n\r\nPOST /b HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi',
  )
  client.send('HEAD /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n')
  const answers = await client.responses(2)
  t.same(
    answers.map(({ status, body }) => [status, body.toString()]),
    [
      [200, '/a'],
      [200, '/b'],
    ],
  )
  await upstream.received(3)
  t.same(
    upstream.requests.map(({ method, body }) => [method, body.toString()]),
    [
      ['GET', ''],
      ['POST', 'hi'],
      ['HEAD', 'abc'],
    ],
  )
  t.equal(upstream.requests[0]?.header('X-Two'), '1, 2')
  t.equal(upstream.connections, 1)
  t.equal(upstream.open, 1)
})

t.test('a reset is told from a clean end, and what was sent before arrives', async (t) => {
  const body = countedBody(200_000)
  const upstream = await scriptedUpstream(t, cut(body, 150_000, 'reset!'))
  const reset = await rawExchange(t, upstream, GET)
  t.equal(reset.end, 'reset')
  upstream.play(cut(body, 150_000, 'end!'))
  const ended = await rawExchange(t, upstream, GET)
  t.equal(ended.end, 'fin')
  t.ok(ended.text.endsWith(body.slice(0, 150_000).slice(-1000)))
  t.equal((await ended.responses(1).catch((error) => error)).message.includes('ended (fin)'), true)
})

t.test('interim answers are kept apart, chunks are joined, garbage is no answer', async (t) => {
  const upstream = await scriptedUpstream(t, interimFlood(3))
  const client = await rawClient(t, upstream)
  const [flooded] = await client.send(GET).responses(1)
  t.same(flooded?.interim, [103, 103, 103])
  upstream.play(chunked(['ab', 'c'], { etag: '"1"' }))
  const second = (await client.send(GET).responses(2))[1]
  t.equal(second?.body.toString(), 'abc')
  t.equal(second && field(second, 'ETag'), '"1"')
  upstream.play(garbage)
  const bad = await rawExchange(t, upstream, GET)
  await t.rejects(bad.responses(1, [], 50), /no status line/)
})

t.test('a client that leaves is counted, a refusing port refuses and comes back', async (t) => {
  const upstream = await scriptedUpstream(t, [...cut('abcdef', 3, 'stall!')])
  const client = await rawClient(t, upstream)
  await client.send(GET).received('abc')
  client.reset()
  await until(() => upstream.abandoned === 1)
  const { port } = upstream
  await upstream.refuse()
  const refused = await new Promise<NodeJS.ErrnoException>((resolve) => request({ port }).on('error', resolve).end())
  t.equal(refused.code, 'ECONNREFUSED')
  await upstream.listen()
  t.equal(upstream.port, port)
  upstream.play(answer())
  t.equal((await (await rawClient(t, upstream)).send(GET).responses(1))[0]?.status, 200)
})
