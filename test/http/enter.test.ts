import t from 'tap'
import type { RateLimitSettings } from '../../src/config/snapshot.ts'
import { answer } from '../helpers/misbehaviour.ts'
import { type RawClient, rawClient } from '../helpers/raw-client.ts'
import { field } from '../helpers/raw-response.ts'
import type { Scope } from '../helpers/scope.ts'
import { scriptedUpstream } from '../helpers/scripted-upstream.ts'
import { front } from './support/front.ts'
import { endpoint, networkSet, policy, site, snapshot, testServices } from './support/services.ts'
import { upgrade } from './support/upgrades.ts'

/** Nothing comes back within a test. */
const SLOW: RateLimitSettings = { requestsPerSecond: 0.002, burst: 1, by: 'client-address' }

async function limited(scope: Scope, rateLimit: RateLimitSettings = SLOW) {
  const upstream = await scriptedUpstream(scope, answer())
  const of = (settings: RateLimitSettings) => ({
    sites: [site({ origin: [endpoint(upstream.url)], policy: policy({ name: 'slow', rateLimit: settings }) })],
    over: { trustedProxies: networkSet(['127.0.0.0/8']) },
  })
  const services = testServices(scope, of(rateLimit))
  return { upstream, services, of, gateway: await front(scope, services) }
}

const REQUESTS: Readonly<Record<string, (from: string) => string>> = {
  GET: (from) => `GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: ${from}\r\n\r\n`,
  HEAD: (from) => `HEAD / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: ${from}\r\n\r\n`,
  POST: (from) => `POST / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: ${from}\r\nContent-Length: 2\r\n\r\nhi`,
  upgrade: (from) => upgrade({ 'X-Forwarded-For': from }),
}

/** The status of one request on a connection of its own. */
async function send(scope: Scope, port: number, request: string): Promise<{ status: number; client: RawClient }> {
  const client = await rawClient(scope, { port })
  client.send(request)
  const [got] = await client.responses(1, [request.split(' ')[0]!])
  client.close()
  return { status: got!.status, client }
}

t.test('each kind of request counts, each client by itself, and 429 says how long', async (t) => {
  const { gateway, services, upstream } = await limited(t)
  let from = 0
  for (const [kind, request] of Object.entries(REQUESTS)) {
    const address = `198.51.100.${++from}`
    const reached = upstream.requests.length
    for (let i = 0; i < 2; i++) t.not((await send(t, gateway.port, request(address))).status, 429, kind)
    const { status, client } = await send(t, gateway.port, request(address))
    t.equal(status, 429, kind)
    const [got] = await client.responses(1, [kind])
    t.equal(field(got!, 'ratelimit-policy'), '"slow";q=1;w=500')
    const seconds = field(got!, 'retry-after')
    t.ok(Number(seconds) > 400 && Number(seconds) <= 500)
    t.equal(field(got!, 'ratelimit'), `"slow";r=0;t=${seconds}`)
    t.equal(field(got!, 'cache-control'), 'no-store')
    t.equal(upstream.requests.length, reached + 2, 'nothing of it reaches the upstream')
  }
  const lines = (await services.ended(12)).filter(({ status }) => status === 429)
  t.equal(lines.length, 4)
  for (const line of lines) t.match(line, { site: 'www', error: 'rate_limited', client: /^198\.51\.100\./ })
  t.match((await services.metrics.exposition()).body, 'polycdn_rate_limited_total{site="www",policy="slow"} 4')
})

t.test('a request that is refused anyway is not counted, and a good answer says nothing of limits', async (t) => {
  const { gateway } = await limited(t)
  const get = REQUESTS.GET!('198.51.100.9')
  for (let i = 0; i < 5; i++) await send(t, gateway.port, get.replace('Host: a', 'Host: a b'))
  const { status, client } = await send(t, gateway.port, get)
  t.equal(status, 200)
  t.notMatch(client.text.toLowerCase(), 'ratelimit')
})

t.test('a reload keeps what was counted', async (t) => {
  const { gateway, services, of } = await limited(t)
  const get = REQUESTS.GET!('198.51.100.9')
  for (const expected of [200, 200, 429]) t.equal((await send(t, gateway.port, get)).status, expected)
  await services.reload(snapshot(of({ ...SLOW, requestsPerSecond: 0.003 })))
  t.equal((await send(t, gateway.port, get)).status, 429)
})

t.test('under pressure a share is answered 503, before anything is spent on it', async (t) => {
  const { gateway, services, upstream } = await limited(t)
  services.vitals = { delay: 0, heap: 0.95, memory: 0 }
  services.pressure.look()
  for (const [kind, request] of Object.entries(REQUESTS)) {
    const { status, client } = await send(t, gateway.port, request('198.51.100.1'))
    t.equal(status, 503, kind)
    t.match(client.text, /retry-after: 5/i)
  }
  t.equal(upstream.connections, 0)
  services.vitals = { delay: 0, heap: 0.86, memory: 0 }
  services.pressure.look()
  t.equal((await send(t, gateway.port, REQUESTS.GET!('198.51.100.1'))).status, 200, 'a small share is not this one')
  t.match((await services.metrics.exposition()).body, 'polycdn_shed_requests_total{reason="heap"} 4')
  t.match((await services.ended(5))[0], { status: 503, error: 'overloaded' })
})
