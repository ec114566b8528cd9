import { Agent } from 'node:http'
import t from 'tap'
import type { Endpoint } from '../../src/config/snapshot.ts'
import { get } from '../helpers/http.ts'
import {
  answer,
  bodilessWithLength,
  chunked,
  cut,
  endBeforeHeaders,
  garbage,
  head,
  interimFlood,
  oddTransferEncoding,
  resetBeforeHeaders,
  stallBeforeHeaders,
  stallInHeaders,
} from '../helpers/misbehaviour.ts'
import { rawClient } from '../helpers/raw-client.ts'
import type { Scope } from '../helpers/scope.ts'
import { type ScriptedUpstream, type Step, scriptedUpstream } from '../helpers/scripted-upstream.ts'
import { until } from '../helpers/wait.ts'
import { attempts, front } from './support/front.ts'
import { dialling, givenUp } from './support/parts.ts'

async function edge(scope: Scope, name: string, script: readonly Step[]): Promise<[Endpoint, ScriptedUpstream]> {
  const upstream = await scriptedUpstream(scope, script)
  return [dialling(name, upstream.url), upstream]
}

async function originOf(scope: Scope, script: readonly Step[]): Promise<Endpoint> {
  const [endpoint] = await edge(scope, 'origin', script)
  return { ...endpoint, cdn: null }
}

t.test('the first candidate serves', async (t) => {
  const [a, upstream] = await edge(t, 'a', answer(200, 'from a', { etag: '"1"' }))
  const [b, spare] = await edge(t, 'b', answer())
  const gateway = await front(t, { candidates: [a, b] })
  const got = await get(`${gateway.url}/x?y`, { headers: { host: 'www.test' } })
  t.match(got, { status: 200, body: 'from a', headers: { etag: '"1"', 'x-served-by': 'a', 'content-length': '6' } })
  t.equal(upstream.requests[0]!.target, '/x?y')
  t.equal(spare.requests.length, 0)
  const delivered = await gateway.delivered()
  t.match(delivered, { status: 200, servedBy: a, reason: 'proximity', error: null, aborted: false })
  t.type(delivered.firstByteAt, 'number')
  t.strictSame(attempts(delivered), ['a served 200'])
})

const FAILURES: Readonly<Record<string, readonly [script: readonly Step[], shown: string, charged: boolean]>> = {
  'a reset': [resetBeforeHeaders, 'connection_terminated', true],
  'an end': [endBeforeHeaders, 'connection_terminated', true],
  'no HTTP': [garbage, 'http_protocol_error', true],
  'a stall': [stallBeforeHeaders, 'http_response_timeout', true],
  'half a head': [stallInHeaders, 'http_response_timeout', true],
  'an odd coding': [oddTransferEncoding(), 'http_protocol_error', true],
  'endless hints': [interimFlood(50), 'http_protocol_error', true],
  'status 500': [answer(500, 'broken'), '500', true],
  'status 503': [chunked(['try later']), '503', true],
}

for (const [name, [script, shown]] of Object.entries(FAILURES)) {
  t.test(`${name} at the first: the second serves and the client sees nothing of it`, async (t) => {
    const steps = shown === '503' ? [(script[0] as string).replace('200', '503'), ...script.slice(1)] : script
    const [a] = await edge(t, 'a', steps)
    const [b] = await edge(t, 'b', answer(200, 'from b'))
    const gateway = await front(t, { candidates: [a, b], retry: { perTryTimeout: 150 } })
    const got = await get(gateway.url)
    t.match(got, { status: 200, body: 'from b' })
    const delivered = await gateway.delivered()
    t.strictSame(attempts(delivered), [`a failed ${shown}`, 'b served 200'])
    t.equal(delivered.reason, 'failover-error')
    t.equal(gateway.health(a), 'ejected', 'charged, although the retry hid it')
    t.equal(gateway.health(b), 'healthy')
  })
}

t.test('after all candidates the origin, with its own timeout', async (t) => {
  const [a, down] = await edge(t, 'a', answer())
  await down.refuse()
  const [b] = await edge(t, 'b', stallBeforeHeaders)
  const origin = await originOf(t, answer(200, 'from the origin'))
  const gateway = await front(t, { candidates: [a, b], origin: [origin], retry: { timeout: 200 } })
  t.match(await get(gateway.url), { status: 200, body: 'from the origin' })
  const delivered = await gateway.delivered()
  t.strictSame(attempts(delivered), [
    'a failed connection_refused',
    'b failed http_response_timeout',
    'origin served 200',
  ])
  t.equal(delivered.reason, 'origin')
  t.equal(delivered.servedBy, origin)
})

t.test('without candidates the origin answers, and keeps its reason', async (t) => {
  const origin = await originOf(t, answer(404, 'no such page'))
  const gateway = await front(t, { origin: [origin] })
  t.match(await get(gateway.url), { status: 404, body: 'no such page' })
  t.equal((await gateway.delivered()).reason, 'origin')
})

t.test('a slow origin gets as long as it is allowed, and no longer', async (t) => {
  const origin = await originOf(t, stallBeforeHeaders)
  const gateway = await front(t, { origin: [origin], originTimeout: 150, retry: { timeout: 10 } })
  t.match(await get(gateway.url), { status: 504, body: 'http_response_timeout' })
})

t.test('everybody failed: the client is told what the last one did', async (t) => {
  const [a] = await edge(t, 'a', resetBeforeHeaders)
  const [b, down] = await edge(t, 'b', answer())
  await down.refuse()
  const gateway = await front(t, { candidates: [a, b], retry: { attempts: 2 } })
  t.match(await get(gateway.url), { status: 502, body: 'connection_refused' })
  const delivered = await gateway.delivered()
  t.match(delivered, { status: 502, servedBy: null, reason: null, error: 'connection_refused', firstByteAt: null })
  t.equal(delivered.records.length, 2)
})

t.test('nobody could be tried', async (t) => {
  const gateway = await front(t, {})
  t.match(await get(gateway.url), { status: 503, body: 'destination_unavailable' })
  t.strictSame((await gateway.delivered()).records, [])
})

t.test('an outcome that the policy does not retry ends it', async (t) => {
  const [a] = await edge(t, 'a', resetBeforeHeaders)
  const [b, spare] = await edge(t, 'b', answer())
  const gateway = await front(t, { candidates: [a, b], retry: { on: new Set(['connect-failure']) } })
  t.match(await get(gateway.url), { status: 502, body: 'connection_terminated' })
  t.equal(spare.requests.length, 0)
})

t.test('no more attempts than the policy allows', async (t) => {
  const edges = await Promise.all(['a', 'b', 'c', 'd'].map((name) => edge(t, name, resetBeforeHeaders)))
  const gateway = await front(t, { candidates: edges.map(([endpoint]) => endpoint), retry: { attempts: 2 } })
  await get(gateway.url)
  t.strictSame(
    edges.map(([, { requests }]) => requests.length),
    [1, 1, 0, 0],
  )
})

t.test('the last real answer is better than ours: a 5xx that nobody can better is served', async (t) => {
  const [a] = await edge(t, 'a', answer(503, 'a is sorry'))
  const [b] = await edge(t, 'b', answer(500, 'b is sorry', { 'retry-after': '7' }))
  const gateway = await front(t, { candidates: [a, b], retry: { attempts: 2 } })
  t.match(await get(gateway.url), { status: 500, body: 'b is sorry', headers: { 'retry-after': '7' } })
  const delivered = await gateway.delivered()
  t.strictSame(attempts(delivered), ['a failed 503', 'b served 500'])
  t.strictSame([gateway.health(a), gateway.health(b)], ['healthy', 'healthy'], 'it may be the site that is broken')
})

t.test('5xx everywhere, the origin included, charges nobody', async (t) => {
  const [a] = await edge(t, 'a', answer(503))
  const [b] = await edge(t, 'b', answer(502))
  const origin = await originOf(t, answer(500, 'origin down'))
  const gateway = await front(t, { candidates: [a, b], origin: [origin] })
  for (let i = 0; i < 3; i++) t.match(await get(gateway.url), { status: 500, body: 'origin down' })
  t.strictSame([gateway.health(a), gateway.health(b)], ['healthy', 'healthy'])
})

t.test('a 5xx is charged once somebody else answered below 500', async (t) => {
  const [a] = await edge(t, 'a', answer(503))
  const origin = await originOf(t, answer(404))
  const gateway = await front(t, { candidates: [a], origin: [origin] })
  t.equal((await get(gateway.url)).status, 404)
  t.equal(gateway.health(a), 'ejected')
})

t.test('404 and 429 are retried where the policy says so, and say nothing about health', async (t) => {
  for (const status of [404, 429]) {
    const [a] = await edge(t, 'a', answer(status))
    const [b] = await edge(t, 'b', answer(200, 'from b'))
    const gateway = await front(t, { candidates: [a, b], retry: { onStatus: new Set([status]) } })
    t.match(await get(gateway.url), { status: 200, body: 'from b' })
    t.equal(gateway.health(a), 'healthy')
  }
})

t.test('a success clears the count of failures', async (t) => {
  const [a, upstream] = await edge(t, 'a', resetBeforeHeaders)
  const origin = await originOf(t, answer())
  const gateway = await front(t, {
    candidates: [a],
    origin: [origin],
    outlier: { consecutiveFailures: 2 },
    retry: { attempts: 1 },
  })
  for (const script of [resetBeforeHeaders, answer(), resetBeforeHeaders]) {
    upstream.play(script)
    t.equal((await get(gateway.url)).status, 200)
  }
  t.equal(gateway.health(a), 'healthy')
  t.equal((await get(gateway.url)).status, 200)
  t.equal(gateway.health(a), 'ejected')
})

t.test('a request that cannot be sent is our fault: nobody is charged and nobody else is bothered', async (t) => {
  const [a] = await edge(t, 'a', answer())
  const [b, spare] = await edge(t, 'b', answer())
  const gateway = await front(t, { candidates: [a, b], fields: ['expect', '100-continue'] })
  t.match(await get(gateway.url), { status: 500, body: 'internal_error' })
  t.equal(gateway.health(a), 'healthy')
  t.equal(spare.requests.length, 0)
})

t.test('the head reaches the client before the first piece of the body does: a stream of events', async (t) => {
  const [a] = await edge(t, 'a', [head(200, { 'content-type': 'text/event-stream' }), 'stall!'])
  const gateway = await front(t, { candidates: [a] })
  const client = await rawClient(t, gateway)
  await client.send('GET / HTTP/1.1\r\nHost: www.test\r\n\r\n').received('text/event-stream')
})

t.test('a head that cannot be written to the client moves on', async (t) => {
  const [a] = await edge(t, 'a', answer(200, 'from a', { 'x-unwritable': '1' }))
  const [b] = await edge(t, 'b', answer(200, 'from b'))
  const gateway = await front(t, { candidates: [a, b] })
  t.match(await get(gateway.url), { status: 200, body: 'from b' })
  t.strictSame(attempts(await gateway.delivered()), ['a failed http_protocol_error', 'b served 200'])
})

t.test('the reason of a panic is kept', async (t) => {
  const [a] = await edge(t, 'a', answer())
  const gateway = await front(t, { candidates: [a], reason: 'panic' })
  await get(gateway.url)
  t.equal((await gateway.delivered()).reason, 'panic')
})

t.test('HEAD, 204 and 304 on one connection, each with the length it names', async (t) => {
  const [a, upstream] = await edge(t, 'a', [])
  upstream.play(({ target, method }) => {
    if (method === 'HEAD') return [head(200, { 'content-length': '12345' })]
    return target === '/204' ? bodilessWithLength(204) : target === '/304' ? bodilessWithLength(304) : answer()
  })
  const gateway = await front(t, { candidates: [a] })
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => agent.destroy())
  for (let round = 0; round < 2; round++) {
    const headed = await get(gateway.url, { method: 'HEAD', agent })
    t.match(headed, { status: 200, body: '', headers: { 'content-length': '12345' } })
    t.match(await get(`${gateway.url}/204`, { agent }), { status: 204, body: '' })
    t.match(await get(`${gateway.url}/304`, { agent }), { status: 304, body: '' })
    t.match(await get(gateway.url, { agent }), { status: 200, body: 'ok\n' })
  }
  await gateway.delivered(8)
  t.ok(gateway.ended.every(({ error }) => error === null))
  t.equal(gateway.health(a), 'healthy')
})

t.test('what is left of a refused answer does not get into the next one', async (t) => {
  const [a] = await edge(
    t,
    'a',
    cut('x'.repeat(500_000), 300_000, 'end!').with(
      0,
      `${head(503, { 'content-length': '500000' })}${'x'.repeat(300_000)}`,
    ),
  )
  const [b] = await edge(t, 'b', answer(200, 'clean'))
  const gateway = await front(t, { candidates: [a, b] })
  for (let i = 0; i < 5; i++) t.match(await get(gateway.url), { status: 200, body: 'clean' })
})

t.test('an answer that was not wanted is kept, and served when all that comes after it is silence', async (t) => {
  const [a] = await edge(t, 'a', answer(503, 'a is sorry', { 'retry-after': '9' }))
  const [b] = await edge(t, 'b', stallBeforeHeaders)
  const gateway = await front(t, { candidates: [a, b], retry: { attempts: 2, timeout: 300 } })
  t.match(await get(gateway.url), { status: 503, body: 'a is sorry', headers: { 'retry-after': '9' } })
  t.match(await gateway.delivered(), { status: 503, servedBy: a, aborted: false })
})

t.test('the same endpoint is asked again where there is no other, within the budget', async (t) => {
  const [a, upstream] = await edge(t, 'a', resetBeforeHeaders)
  const generous = await front(t, { candidates: [a] })
  await get(generous.url)
  t.equal(upstream.requests.length, 3)
  const poor = await front(t, { candidates: [a], retry: { budgetPercent: 0, budgetPerSecond: 0 } })
  await get(poor.url)
  t.equal(upstream.requests.length, 4)
})

t.test('a bot challenge moves on, and nobody is charged', async (t) => {
  const [a] = await edge(t, 'a', answer(403, 'prove it', { 'cf-mitigated': 'challenge' }))
  const [b] = await edge(t, 'b', answer(200, 'from b'))
  const gateway = await front(t, { candidates: [a, b] })
  t.match(await get(gateway.url), { status: 200, body: 'from b' })
  t.strictSame(attempts(await gateway.delivered()), ['a refused 403', 'b served 200'])
  t.equal(gateway.health(a), 'healthy')
})

t.test('Retry-After holds an endpoint back without a word about its health', async (t) => {
  const [a] = await edge(t, 'a', answer(429, 'slowly', { 'retry-after': '30' }))
  const [b] = await edge(t, 'b', answer(200, 'from b'))
  const retry = { onStatus: new Set([429]) }
  const gateway = await front(t, { candidates: [a, b], retry })
  t.match(await get(gateway.url), { status: 200, body: 'from b' })
  t.equal(gateway.health(a), 'over-capacity')
})

t.test('a limit that all of them have is not held against any of them', async (t) => {
  const limited = answer(429, 'slowly', { 'retry-after': '30' })
  const [a] = await edge(t, 'a', limited)
  const [b] = await edge(t, 'b', limited)
  const gateway = await front(t, { candidates: [a, b], retry: { onStatus: new Set([429]) } })
  t.match(await get(gateway.url), { status: 429, body: 'slowly' })
  t.strictSame([gateway.health(a), gateway.health(b)], ['healthy', 'healthy'])
})

t.test('what is no HTTP is charged only when another endpoint has the object', async (t) => {
  const [a] = await edge(t, 'a', garbage)
  const [b] = await edge(t, 'b', answer(503, 'sorry'))
  const alone = await front(t, { candidates: [a, b], retry: { attempts: 2 } })
  t.equal((await get(alone.url)).status, 503)
  t.equal(alone.health(a), 'healthy')
})

t.test('a hedge: a second attempt beside a slow first one, and the slower one is dropped', async (t) => {
  const [a, slow] = await edge(t, 'a', stallBeforeHeaders)
  const [b] = await edge(t, 'b', answer(200, 'from b'))
  const hedge = { enabled: true, after: 20, minDelay: 20, maxExtraPercent: 100 } as const
  const gateway = await front(t, { candidates: [a, b], hedge })
  t.match(await get(gateway.url), { status: 200, body: 'from b' })
  const delivered = await gateway.delivered()
  t.strictSame(attempts(delivered), ['a aborted', 'b served 200'])
  t.equal(gateway.health(a), 'healthy', 'slow is not ill')
  await givenUp(slow)
})

t.test('no more hedges than the policy allows', async (t) => {
  const [a] = await edge(t, 'a', stallBeforeHeaders)
  const [b, spare] = await edge(t, 'b', answer(200, 'from b'))
  const hedge = { enabled: true, after: 20, minDelay: 20, maxExtraPercent: 0 } as const
  const gateway = await front(t, { candidates: [a, b], hedge, retry: { perTryTimeout: 200 } })
  await get(gateway.url)
  t.strictSame(attempts(await gateway.delivered()), ['a failed http_response_timeout', 'b served 200'])
  t.equal(spare.requests.length, 1)
})

t.test('whatever ends an attempt before its head, nothing waits at its endpoint afterwards', async (t) => {
  const [a, slow] = await edge(t, 'a', stallBeforeHeaders)
  const [b] = await edge(t, 'b', answer(200, 'from b'))
  const hedge = { enabled: true, after: 20, minDelay: 20, maxExtraPercent: 100 } as const
  const gateway = await front(t, { candidates: [a, b], hedge })
  await get(gateway.url)
  t.strictSame(attempts(await gateway.delivered()), ['a aborted', 'b served 200'])
  t.equal(gateway.pending(a), 0, 'a lost hedge')
  const alone = await front(t, { candidates: [a] })
  const client = (await rawClient(t, { port: alone.port })).send('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await until(() => slow.requests.length === 2, { what: 'the second request' })
  t.equal(alone.pending(a), 1)
  client.reset()
  await alone.delivered()
  t.equal(alone.pending(a), 0, 'a client that left')
})

t.test('an answer that was not wanted is served although its body is still on its way', async (t) => {
  const rest = Promise.withResolvers<void>()
  const [a] = await edge(t, 'a', [`${head(503, { 'content-length': '5' })}so`, rest.promise, 'rry'])
  const [b, down] = await edge(t, 'b', answer())
  await down.refuse()
  const gateway = await front(t, { candidates: [a, b], retry: { attempts: 2 } })
  const client = (await rawClient(t, { port: gateway.port })).send('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await client.received('so')
  rest.resolve()
  t.match(await client.responses(1), [{ status: 503 }])
  t.match(await gateway.delivered(), { status: 503, servedBy: a, aborted: false })
})

t.test('a panic is one attempt', async (t) => {
  const [a, ill] = await edge(t, 'a', answer(500, 'broken'))
  const gateway = await front(t, { candidates: [a], reason: 'panic' })
  t.equal((await get(gateway.url)).status, 500)
  t.equal(ill.requests.length, 1)
})
