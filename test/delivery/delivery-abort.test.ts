import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { answer, countedBody, cut, cutChunked, head, stallBeforeHeaders } from '../helpers/misbehaviour.ts'
import { rawClient } from '../helpers/raw-client.ts'
import type { Scope } from '../helpers/scope.ts'
import { type Step, scriptedUpstream } from '../helpers/scripted-upstream.ts'
import { until } from '../helpers/wait.ts'
import { attempts, front } from './support/front.ts'
import { dialling, givenUp } from './support/parts.ts'

const BODY = countedBody(100_000)
const GET = 'GET / HTTP/1.1\r\nHost: www.test\r\n\r\n'
const GET_10 = 'GET / HTTP/1.0\r\nHost: www.test\r\n\r\n'

async function single(scope: Scope, script: readonly Step[], bodyIdleTimeout = 20_000) {
  const upstream = await scriptedUpstream(scope, script)
  const spare = await scriptedUpstream(scope, answer(200, 'from b'))
  const a = dialling('a', upstream.url)
  const candidates = [a, dialling('b', spare.url)]
  const gateway = await front(scope, { candidates, retry: { bodyIdleTimeout } })
  return { upstream, spare, a, gateway }
}

const DEATHS: Readonly<Record<string, readonly [request: string, script: readonly Step[]]>> = {
  'a length, reset': [GET, cut(BODY, 40_000, 'reset!')],
  'a length, an early end': [GET, cut(BODY, 40_000, 'end!')],
  'a length, a stall': [GET, cut(BODY, 40_000, 'stall!')],
  'chunks, reset': [GET, cutChunked(BODY, 'reset!')],
  'chunks, an early end': [GET, cutChunked(BODY, 'end!')],
  'chunks, a stall': [GET, cutChunked(BODY, 'stall!')],
  'no length, reset': [GET, [head(200) + BODY, 'reset!']],
  'HTTP/1.0 with a length': [GET_10, cut(BODY, 40_000, 'end!')],
  'HTTP/1.0 without a length': [GET_10, cutChunked(BODY, 'end!')],
  'HTTP/1.0 without a length, a stall': [GET_10, cutChunked(BODY, 'stall!')],
}

for (const [name, [request, script]] of Object.entries(DEATHS)) {
  t.test(`an upstream that dies within the body: ${name}`, async (t) => {
    const { upstream, spare, a, gateway } = await single(t, script, 150)
    const client = await rawClient(t, gateway)
    client.send(request)
    t.equal(await client.ended(), 'reset', 'the client sees that it is cut')
    const delivered = await gateway.delivered()
    t.match(delivered, { status: 200, servedBy: a, aborted: true })
    t.match(delivered.error, /^http_response_(incomplete|timeout)$/)
    t.strictSame(attempts(delivered), [`a failed ${delivered.error}`])
    t.equal(gateway.health(a), 'ejected')
    t.equal(spare.requests.length, 0)
    await givenUp(upstream)
  })
}

t.test('a client that leaves before the head: the upstream is left too, and nobody is charged', async (t) => {
  for (const leave of ['reset', 'close'] as const) {
    const { upstream, spare, a, gateway } = await single(t, stallBeforeHeaders)
    const client = await rawClient(t, gateway)
    client.send(GET)
    await upstream.received(1)
    client[leave]()
    await until(() => upstream.abandoned === 1)
    const delivered = await gateway.delivered()
    t.match(delivered, { status: 499, servedBy: null, error: 'client_gone', aborted: false })
    t.strictSame(attempts(delivered), ['a aborted'])
    t.equal(gateway.health(a), 'healthy')
    t.equal(spare.requests.length, 0)
  }
})

t.test('a client that leaves within the body', async (t) => {
  const { upstream, a, gateway } = await single(t, cut(BODY, 40_000, 'stall!'))
  const client = await rawClient(t, gateway)
  await client.send(GET).received('\n')
  client.reset()
  await until(() => upstream.abandoned === 1)
  const delivered = await gateway.delivered()
  t.match(delivered, { status: 200, servedBy: a, error: 'client_gone', aborted: false })
  t.strictSame(attempts(delivered), ['a served 200'])
  t.equal(gateway.health(a), 'healthy')
})

t.test('a client that leaves during the second attempt is not held against the first twice', async (t) => {
  const { upstream, spare, a, gateway } = await single(t, answer(503))
  spare.play(stallBeforeHeaders)
  const client = await rawClient(t, gateway)
  client.send(GET)
  await spare.received(1)
  client.reset()
  t.strictSame(attempts(await gateway.delivered()), ['a failed 503', 'b aborted'])
  t.equal(gateway.health(a), 'healthy')
  t.equal(upstream.requests.length, 1)
})

t.test('each request ends exactly once', async (t) => {
  const { gateway, upstream } = await single(t, cut(BODY, 40_000, 'reset!'))
  for (let i = 0; i < 3; i++) await (await rawClient(t, gateway)).send(GET).ended()
  upstream.play(answer())
  const client = await rawClient(t, gateway)
  await client.send(GET + GET).responses(2)
  client.reset()
  await gateway.delivered(5)
  t.equal(gateway.ended.length, 5)
})

/** Sends chunk after chunk for as long as somebody takes them. */
async function endless(scope: Scope) {
  const state = { sent: 0, left: false, url: '' }
  const chunk = Buffer.alloc(64 * 1024, 'x')
  const server = createServer((_, response) => {
    const pour = () => {
      do state.sent += chunk.length
      while (response.write(chunk))
    }
    response.on('drain', pour).on('close', () => {
      state.left = true
    })
    pour()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  scope.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  state.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return state
}

t.test('a client that does not read stops the upstream, and nothing piles up here', async (t) => {
  const source = await endless(t)
  const gateway = await front(t, { candidates: [dialling('a', source.url)] })
  const client = await rawClient(t, gateway)
  client.socket.pause()
  client.send(GET)
  let [before, still] = [-1, 0]
  await until(
    () => {
      still = before === source.sent && before > 0 ? still + 1 : 0
      before = source.sent
      return still === 20
    },
    { interval: 20, timeout: 20_000, what: 'the upstream to stop' },
  )
  t.equal(source.left, false)
  const stopped = source.sent
  client.socket.removeAllListeners('data').resume()
  await until(() => source.sent > stopped + 10 * 1024 * 1024, { what: 'the flow to go on' })
  client.reset()
  await until(() => source.left, { what: 'the upstream to be left' })
  await gateway.delivered()
})

t.test('a slow client gets every byte in its order', async (t) => {
  const body = countedBody(6_000_000)
  const { gateway } = await single(t, answer(200, body))
  const client = await rawClient(t, gateway)
  client.socket.pause()
  client.send(GET)
  await until(() => gateway.bytes > 0)
  client.socket.resume()
  const [response] = await client.responses(1)
  t.equal(response!.body.length, body.length)
  t.ok(response!.body.equals(Buffer.from(body)))
  t.equal((await gateway.delivered()).error, null)
})

t.test('a client that ends its side and waits gets an answer that comes at once', async (t) => {
  const upstream = await scriptedUpstream(t, answer(200, 'here'))
  const gateway = await front(t, { candidates: [dialling('a', upstream.url)] })
  const client = await rawClient(t, { port: gateway.port })
  client.send('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
  client.halfClose()
  const [got] = await client.responses(1)
  t.match(got, { status: 200 })
})

t.test('a client that has left stops its request: no further attempts, and nobody is charged', async (t) => {
  const slow = await scriptedUpstream(t, stallBeforeHeaders)
  const spare = await scriptedUpstream(t, answer())
  const a = dialling('a', slow.url)
  const gateway = await front(t, { candidates: [a, dialling('b', spare.url)] })
  const client = await rawClient(t, { port: gateway.port })
  client.send('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
  await slow.received(1)
  client.halfClose()
  t.match(await gateway.delivered(), { status: 499, error: 'client_gone', servedBy: null })
  await client.ended()
  t.equal(spare.requests.length, 0)
  t.equal(gateway.health(a), 'healthy')
})
