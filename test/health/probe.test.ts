import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import type { Endpoint, HealthCheck } from '../../src/config/snapshot.ts'
import type { Timers } from '../../src/delivery/timers.ts'
import { Prober } from '../../src/health/prober.ts'
import { dialling, makeTimers, makeTransport } from '../delivery/support/parts.ts'
import { tlsUpstream } from '../delivery/support/tls.ts'
import { CA } from '../helpers/certificates.ts'
import { answer, cut, head, resetBeforeHeaders, stallBeforeHeaders } from '../helpers/misbehaviour.ts'
import type { Scope } from '../helpers/scope.ts'
import { type Step, scriptedUpstream } from '../helpers/scripted-upstream.ts'
import { until } from '../helpers/wait.ts'
import { makeCdn } from '../steering/support/build.ts'

const CHECK: HealthCheck = {
  path: '/health?deep=1',
  interval: 100,
  timeout: 5000,
  healthyThreshold: 2,
  unhealthyThreshold: 3,
  expectedStatus: [200, 204],
  expectedSha256: null,
}

function checked(url: string, check: Partial<HealthCheck> = {}, over: Partial<Endpoint> = {}): Endpoint {
  return dialling('a', url, { cdn: makeCdn('a', { healthCheck: { ...CHECK, ...check } }), ...over })
}

function makeProber(scope: Scope) {
  const results: string[] = []
  const times: (number | null)[] = []
  const timers = makeTimers(scope)
  const transport = makeTransport(scope, [])
  const prober = new Prober({
    timers,
    random: () => 0,
    transport: () => transport,
    onResult: ({ cdnName }, passed, ms) => {
      results.push(`${cdnName} ${passed ? 'passed' : 'failed'}`)
      times.push(ms)
    },
  })
  scope.teardown(() => prober.close())
  const seen = (result: string, count = 1) => until(() => results.filter((one) => one === result).length >= count)
  return { prober, results, seen, timers, times }
}

t.test('asks again and again, as configured', async (t) => {
  const upstream = await scriptedUpstream(t, answer(204, ''))
  const { prober, seen, results } = makeProber(t)
  prober.watch([checked(upstream.url, {}, { basePath: '/base', hostHeader: 'www.example.com' })])
  await seen('a passed', 3)
  const [request] = upstream.requests
  t.equal(request!.method, 'GET')
  t.equal(request!.target, '/base/health?deep=1')
  t.equal(request!.header('host'), 'www.example.com')
  t.match(request!.header('user-agent'), /polycdn/)
  t.ok(results.every((result) => result === 'a passed'))
  t.equal(upstream.connections, 1, 'over one connection')
})

t.test('the path goes where requests go: into the template', async (t) => {
  const upstream = await scriptedUpstream(t, answer())
  const { prober, seen } = makeProber(t)
  prober.watch([checked(upstream.url, {}, { pathTemplate: '/site{path}/raw' })])
  await seen('a passed')
  t.equal(upstream.requests[0]!.target, '/site/health/raw?deep=1')
})

t.test("where the host is the client's, the endpoint's own stands in", async (t) => {
  const upstream = await scriptedUpstream(t, answer())
  const { prober, seen } = makeProber(t)
  prober.watch([checked(upstream.url, {}, { hostHeader: null })])
  await seen('a passed')
  t.equal(upstream.requests[0]!.header('host'), `127.0.0.1:${upstream.port}`)
})

t.test('over TLS the name is verified, the port left out', async (t) => {
  const upstream = await tlsUpstream(t, 'localhost')
  const tls = { serverName: null, verify: true, ca: CA, clientCertificate: null }
  const { prober, seen } = makeProber(t)
  const good = checked(
    upstream.url,
    {},
    { key: 'good', cdnName: 'good', tls, hostHeader: `a.cdn.test:${upstream.port}` },
  )
  const bad = checked(upstream.url, {}, { key: 'bad', cdnName: 'bad', tls, hostHeader: 'other.test' })
  prober.watch([good, bad])
  await Promise.all([seen('good passed'), seen('bad failed')])
})

/** Waits on the clock that the checks run by. */
async function passes(timers: Timers, ms: number): Promise<void> {
  let over = false
  timers.after(ms, () => {
    over = true
  })
  await until(() => over)
}

const ILL: Readonly<Record<string, readonly Step[]>> = {
  'another status': answer(503),
  'a redirect': answer(302),
  'a reset': resetBeforeHeaders,
  'a stall': stallBeforeHeaders,
}

for (const [name, script] of Object.entries(ILL)) {
  t.test(`${name} is a failure, and a good answer after it none`, async (t) => {
    const upstream = await scriptedUpstream(t, script)
    const { prober, seen, results } = makeProber(t)
    prober.watch([checked(upstream.url, { timeout: 150 })])
    await seen('a failed', 2)
    t.notOk(results.includes('a passed'))
    upstream.play(answer())
    await seen('a passed', 2)
  })
}

t.test('an endpoint that refuses connections, and comes back', async (t) => {
  const upstream = await scriptedUpstream(t, answer())
  await upstream.refuse()
  const { prober, seen } = makeProber(t)
  prober.watch([checked(upstream.url)])
  await seen('a failed', 2)
  await upstream.listen()
  await seen('a passed', 2)
})

t.test('the body does not matter: long, stalled or cut', async (t) => {
  const upstream = await scriptedUpstream(t, cut('x'.repeat(500_000), 200_000, 'stall!'))
  const { prober, seen } = makeProber(t)
  prober.watch([checked(upstream.url, { timeout: 200 })])
  await seen('a passed', 2)
  await until(() => upstream.abandoned > 0)
  upstream.play(cut('x'.repeat(500), 5, 'end!'))
  await seen('a passed', 4)
})

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const BODY = 'a known body\n'.repeat(20_000)

t.test('with expected_sha256 the whole body is what is checked, and as it is', async (t) => {
  const upstream = await scriptedUpstream(t, answer(200, BODY))
  const { prober, seen, results } = makeProber(t)
  prober.watch([checked(upstream.url, { expectedSha256: sha256(BODY) })])
  await seen('a passed', 3)
  t.notOk(results.includes('a failed'))
  t.equal(upstream.requests[0]!.header('accept-encoding'), 'identity')
  t.equal(upstream.connections, 1, 'over one connection')
  upstream.play(answer(200, `${BODY}x`))
  await seen('a failed')
})

const WRONG: Readonly<Record<string, readonly Step[]>> = {
  'another body': answer(200, BODY.toUpperCase()),
  'no body': answer(204, ''),
  'another status with the right body': answer(404, BODY),
  'a body cut short': cut(BODY, 1_000, 'end!'),
  'a reset in the body': cut(BODY, 1_000, 'reset!'),
  'a body that stalls': cut(BODY, 1_000, 'stall!'),
  'a body without an end': answer(200, 'x'.repeat(9 * 1024 * 1024)),
}

for (const [name, script] of Object.entries(WRONG)) {
  t.test(`with expected_sha256 ${name} is a failure, once a check`, async (t) => {
    const upstream = await scriptedUpstream(t, script)
    const { prober, seen, results } = makeProber(t)
    prober.watch([checked(upstream.url, { timeout: 1_000, expectedSha256: sha256(BODY) })])
    await seen('a failed', 2)
    t.notOk(results.includes('a passed'))
    const asked = upstream.requests.length
    t.ok(asked <= results.length + 1, `${asked} questions, ${results.length} answers`)
    upstream.play(answer(200, BODY))
    await seen('a passed', 2)
  })
}

t.test('a body that drips has no more time than the check', async (t) => {
  const drop = (ms: number): Step[] => ['x', new Promise((resolve) => setTimeout(resolve, ms).unref())]
  const drip = () => Array.from({ length: 200 }, (_, index) => drop(20 * index)).flat()
  const upstream = await scriptedUpstream(t, () => [head(200, { 'content-length': '200' }), ...drip()])
  const { prober, seen } = makeProber(t)
  prober.watch([checked(upstream.url, { timeout: 300, expectedSha256: sha256('x'.repeat(200)) })])
  await seen('a failed')
  t.ok(await until(() => upstream.abandoned > 0))
})

t.test('only endpoints with a check are asked', async (t) => {
  const upstream = await scriptedUpstream(t, answer())
  const silent = await scriptedUpstream(t, answer())
  const { prober, seen } = makeProber(t)
  const origin = { ...dialling('origin', silent.url), cdn: null }
  prober.watch([checked(upstream.url), dialling('b', silent.url), origin])
  await seen('a passed', 2)
  t.equal(silent.requests.length, 0)
})

t.test('a reload leaves a check alone that stays the same, and replaces one that changes', async (t) => {
  const upstream = await scriptedUpstream(t, stallBeforeHeaders)
  const { prober, seen, timers } = makeProber(t)
  prober.watch([checked(upstream.url)])
  await upstream.received(1)
  prober.watch([checked(upstream.url)])
  await passes(timers, 200)
  t.same([upstream.abandoned, upstream.requests.length], [0, 1], 'the question under way is not taken back')
  upstream.play(answer())
  prober.watch([checked(upstream.url, { path: '/other' })])
  await until(() => upstream.abandoned === 1)
  await seen('a passed')
  t.strictSame([...new Set(upstream.requests.slice(1).map(({ target }) => target))], ['/other'])
})

t.test('endpoints that go are asked no more', async (t) => {
  const upstream = await scriptedUpstream(t, answer())
  const { prober, seen, timers } = makeProber(t)
  prober.watch([checked(upstream.url, { interval: 400 })])
  await seen('a passed')
  prober.watch([])
  const asked = upstream.requests.length
  await passes(timers, 700)
  t.equal(upstream.requests.length, asked)
})

t.test('closing takes back the question under way and says nothing more', async (t) => {
  const upstream = await scriptedUpstream(t, stallBeforeHeaders)
  const { prober, results, timers } = makeProber(t)
  prober.watch([checked(upstream.url, { timeout: 60_000 })])
  await upstream.received(1)
  prober.close()
  prober.close()
  await until(() => upstream.abandoned === 1)
  await passes(timers, 300)
  t.strictSame(results, [])
  t.equal(upstream.requests.length, 1)
})

t.test('a result may close the prober', async (t) => {
  const upstream = await scriptedUpstream(t, answer())
  const timers = makeTimers(t)
  const transport = makeTransport(t, [])
  let results = 0
  const prober: Prober = new Prober({
    timers,
    random: () => 0,
    transport: () => transport,
    onResult: () => {
      results++
      prober.close()
    },
  })
  prober.watch([checked(upstream.url, { interval: 20 })])
  await until(() => results)
  await passes(timers, 200)
  t.equal(results, 1)
  t.equal(upstream.requests.length, 1)
})

t.test('a redirect is not followed: it is the answer of who was asked', async (t) => {
  const target = await scriptedUpstream(t, answer())
  const { host } = new URL(target.url)
  const upstream = await scriptedUpstream(t, answer(302, '', { location: `http://${host}/` }))
  const { prober, seen } = makeProber(t)
  const cdn = makeCdn('a', { healthCheck: CHECK, redirectHosts: [host] })
  prober.watch([checked(upstream.url, {}, { cdn })])
  await seen('a failed')
  t.equal(target.connections, 0)
})

t.test('a check that passes tells how long the head took', async (t) => {
  const body = 'x'
  const expectedSha256 = createHash('sha256').update(body).digest('hex')
  const upstream = await scriptedUpstream(t, () => [sleep(30), head(200, { 'content-length': '1' }), body])
  const { prober, seen, times, results } = makeProber(t)
  prober.watch([checked(upstream.url, { expectedSha256 })])
  await seen('a passed', 1)
  t.ok(times[0]! >= 29, `${times}`)
  upstream.play(answer(500))
  await seen('a failed', 1)
  t.equal(times[results.indexOf('a failed')], null)
})
