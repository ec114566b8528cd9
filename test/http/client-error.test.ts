import t from 'tap'
import { answer, head } from '../helpers/misbehaviour.ts'
import { rawClient, rawExchange } from '../helpers/raw-client.ts'
import { field, parseResponses } from '../helpers/raw-response.ts'
import { scriptedUpstream } from '../helpers/scripted-upstream.ts'
import { until } from '../helpers/wait.ts'
import { door, doorTo } from './support/door.ts'
import { endpoint, policy, site } from './support/services.ts'

const REQUEST = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
const BAD = ['rubbish\r\n\r\n', 'GET / HTTP/9.9\r\n\r\n', `GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}`]
/** What is no HTTP/1.1 message, or no request that may share the connection. */
const OTHERS = [
  'CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n',
  'GET /ws HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n',
]

t.test('a bad request behind a good one never writes into the answer under way', async (t) => {
  const body = 'x'.repeat(100_000)
  const door = await doorTo(t, [head(200, { 'content-length': '100001' }), body, 'stall!'])
  for (const bad of OTHERS) {
    const client = await rawClient(t, door)
    client.send(REQUEST)
    await client.received(body.slice(0, 1000))
    client.send(bad)
    await client.ended()
    const sent = client.text.slice(client.text.indexOf('\r\n\r\n') + 4)
    t.match(sent, /^x*$/, `${bad.slice(0, 20)}: the body, or a part of it, and nothing else`)
    t.ok(sent.length < 100_001)
  }
})

t.test('nor before the answer under way', async (t) => {
  const door = await doorTo(t, ['stall!'])
  for (const bad of OTHERS) {
    const client = await rawClient(t, door)
    client.send(REQUEST + bad)
    await client.ended()
    t.equal(client.text, '', bad.slice(0, 20))
  }
})

t.test('what is not HTTP waits for the answers before it, and is answered then', async (t) => {
  const body = 'x'.repeat(100_000)
  const gate = Promise.withResolvers<void>()
  const door = await doorTo(t, [head(200, { 'content-length': '100001' }), body, gate.promise, '!'])
  const clients = await Promise.all(BAD.map(() => rawClient(t, door)))
  for (const client of clients) client.send(REQUEST.repeat(2))
  await Promise.all(clients.map((client) => client.received(body)))
  for (const [at, client] of clients.entries()) client.send(BAD[at]!).send('and more')
  gate.resolve()
  for (const [at, client] of clients.entries()) {
    const [first, second, third] = await client.responses(3)
    t.equal(String(first?.body), `${body}!`)
    t.equal(String(second?.body), `${body}!`)
    t.equal(third?.status, [400, 505, 431][at])
    t.equal(await client.ended(), 'fin')
  }
})

t.test('what comes behind Connection: close is not looked at', async (t) => {
  const door = await doorTo(t, answer())
  const closing = REQUEST.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n')
  const client = await rawExchange(t, door, closing + REQUEST)
  t.equal(parseResponses(client.bytes).length, 1)
  t.equal(door.upstream.requests.length, 1)
})

t.test('content that breaks its framing ends the connection, not as if it were whole', async (t) => {
  const upstream = await scriptedUpstream(t, answer())
  const { port } = await door(t, { sites: [site({ origin: [endpoint(upstream.url)] })] })
  const post = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n'
  const client = await rawExchange(t, { port }, `${post}zz\r\n`)
  t.notMatch(client.text, '200')
  t.equal(upstream.requests.length, 0, 'the content never ended')
})

t.test('a bad request behind an answered one gets its own answer', async (t) => {
  const door = await doorTo(t, answer())
  const client = await rawClient(t, door)
  client.send(REQUEST)
  await client.responses(1)
  client.send(BAD[0]!)
  const [, second] = await client.responses(2)
  t.equal(second?.status, 400)
  t.equal(field(second!, 'connection'), 'close')
  await client.ended()
})

t.test('a slow head: 408; a connection without a word ends too', async (t) => {
  const door = await doorTo(t, answer(), { limits: { headerTimeout: 300 } })
  const slow = await rawClient(t, door)
  const silent = await rawClient(t, door)
  slow.send('GET / HTTP/1.1\r\nHost: a\r\nX: ')
  await Promise.all([slow.ended(), silent.ended()])
  t.match((await slow.responses(1))[0], { status: 408 })
  t.equal(door.upstream.connections, 0)
  await until(() => door.listeners.connections === 0, { what: 'the connections to be gone' })
})

t.test('empty lines keep no connection open, neither before the first request nor behind an answer', async (t) => {
  const door = await doorTo(t, answer(), { limits: { headerTimeout: 300, idleTimeout: 300 } })
  const clients = await Promise.all([rawClient(t, door), rawClient(t, door)])
  clients[1].send(REQUEST)
  await clients[1].responses(1)
  const drip = setInterval(() => clients.map((client) => client.send('\r\n')), 50)
  t.teardown(() => clearInterval(drip))
  await Promise.all(clients.map((client) => client.ended()))
})

t.test('a slow body: 408, and the upstream never sees its end', async (t) => {
  const upstream = await scriptedUpstream(t, answer())
  const slow = policy({}, { bodyIdleTimeout: 300 })
  const { port } = await door(t, { sites: [site({ origin: [endpoint(upstream.url)], policy: slow })] })
  const client = await rawClient(t, { port })
  client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello')
  t.match((await client.responses(1))[0], { status: 408 })
  await client.ended()
  t.equal(upstream.requests.length, 0)
})

t.test('a client that ends its side after the request gets its answer', async (t) => {
  const gate = Promise.withResolvers<void>()
  const door = await doorTo(t, [gate.promise, ...answer()])
  const client = await rawClient(t, door)
  client.send(REQUEST).halfClose()
  await door.upstream.received(1)
  gate.resolve()
  t.match((await client.responses(1))[0], { status: 200 })
  t.equal(await client.ended(), 'fin')
})

t.test('so does one that pipelines and ends its side', async (t) => {
  const door = await doorTo(t, answer())
  const client = await rawClient(t, door)
  client.send(REQUEST.repeat(3)).halfClose()
  t.equal((await client.responses(3)).length, 3)
  t.equal(await client.ended(), 'fin')
})

t.test('one that ends its side in the middle of a head gets a 400', async (t) => {
  const door = await doorTo(t, answer())
  const client = await rawClient(t, door)
  client.send('GET / HTTP/1.1\r\nHos').halfClose()
  t.match((await client.responses(1))[0], { status: 400 })
  await client.ended()
})

t.test('after a refused CONNECT nothing is left of the connection', async (t) => {
  const door = await doorTo(t, answer())
  const client = await rawClient(t, door)
  client.send(OTHERS[0]!)
  t.match((await client.responses(1))[0], { status: 405 })
  await until(() => door.listeners.connections === 0, { what: 'the connection to be gone, though the client stays' })
})

t.test('what cannot be read is counted, with the status that it was answered with', async (t) => {
  const door = await doorTo(t, answer())
  for (const bad of [...BAD, OTHERS[0]!]) await rawExchange(t, door, bad)
  const { body } = await door.services.metrics.exposition()
  t.match(body, /^polycdn_requests_total\{site="_other",cdn="none",code="4xx"\} 3$/m)
  t.match(body, /^polycdn_requests_total\{site="_other",cdn="none",code="5xx"\} 1$/m)
  t.match(door.services.logLines.records, [{ event: 'unreadable-request', status: 400 }])
})
