import t, { type Test } from 'tap'
import { type Gateway, startGatewayHere } from '../helpers/gateway.ts'
import { get } from '../helpers/http.ts'
import { answer } from '../helpers/misbehaviour.ts'
import { startNginx } from '../helpers/nginx.ts'
import { inParallel } from '../helpers/parallel.ts'
import { skipUnless } from '../helpers/programs.ts'
import { type ScriptedUpstream, scriptedUpstream } from '../helpers/scripted-upstream.ts'
import { topology } from './topology.ts'

const NAMES = ['fra', 'iad', 'sin'] as const

interface Bench {
  readonly origin: ScriptedUpstream
  readonly gateway: Gateway
}

/** Three real edges that ask one origin, which is also the site's. */
async function bench(t: Test): Promise<Bench> {
  const origin = await scriptedUpstream(t, answer(200, 'well'))
  const extra = `location / { proxy_pass ${origin.url}; proxy_http_version 1.1; }`
  const edges = await Promise.all(NAMES.map((name) => startNginx(t, { name, extra })))
  const policy = { strategy: 'failover', outlier_detection: { min_requests: 5 } }
  return { origin, gateway: await startGatewayHere(t, topology({ edges, origin: origin.url, policy })) }
}

async function nobodyIsEjected(t: Test, gateway: Gateway): Promise<void> {
  const metrics = await gateway.metrics()
  t.equal(metrics.sum('polycdn_endpoint_ejections_total'), 0, 'no ejection')
  for (const cdn of NAMES) t.equal(metrics.value('polycdn_endpoint_healthy', { cdn }), 1, `${cdn} is healthy`)
  const { status, headers, body } = await get(`${gateway.url}/good`)
  t.same([status, headers['x-edge'], body], [200, 'fra', 'well'], 'the first CDN serves')
}

/** So many requests, 16 at a time, of which each is answered with that status. */
async function many(t: Test, count: number, url: string, status: number): Promise<void> {
  const seen: Record<number, number> = {}
  await inParallel(16, Array.from({ length: count }), async () => {
    const got = await get(url)
    seen[got.status] = (seen[got.status] ?? 0) + 1
  })
  t.same(seen, { [status]: count }, `${count} times ${status}`)
}

t.test('one broken URL, however often it is asked for, ejects nobody', async (t) => {
  if (!skipUnless(t, 'nginx')) return
  const { origin, gateway } = await bench(t)
  origin.play(({ target }) => (target === '/broken' ? answer(500, 'broken') : answer(200, 'well')))
  await many(t, 300, `${gateway.url}/broken`, 500)
  await nobodyIsEjected(t, gateway)
  await Promise.all([many(t, 100, `${gateway.url}/broken`, 500), many(t, 100, `${gateway.url}/good`, 200)])
  await nobodyIsEjected(t, gateway)
})

t.test('an origin that answers 500 for everything ejects nobody, and is heard again at once', async (t) => {
  if (!skipUnless(t, 'nginx')) return
  const { origin, gateway } = await bench(t)
  for (const status of [500, 502, 503, 504]) {
    origin.play(answer(status, 'broken'))
    await many(t, 100, `${gateway.url}/any`, status)
  }
  origin.play(answer(200, 'well'))
  await nobodyIsEjected(t, gateway)
})

t.test('refusals and clients that leave eject nobody', async (t) => {
  if (!skipUnless(t, 'nginx')) return
  const { origin, gateway } = await bench(t)
  for (const status of [403, 404, 410, 429, 451]) {
    origin.play(answer(status, 'no'))
    await many(t, 50, `${gateway.url}/any`, status)
  }
  origin.play(['stall!'])
  for (let round = 0; round < 3; round++) {
    const stop = new AbortController()
    const before = origin.requests.length
    const gone = Array.from({ length: 16 }, () => fetch(`${gateway.url}/slow`, { signal: stop.signal }).catch(() => {}))
    await origin.received(before + 16)
    stop.abort()
    await Promise.all(gone)
  }
  origin.play(answer(200, 'well'))
  await nobodyIsEjected(t, gateway)
})

t.test('a CDN that alone answers 500 is ejected', async (t) => {
  if (!skipUnless(t, 'nginx')) return
  const good = await startNginx(t, { name: 'iad' })
  const bad = await scriptedUpstream(t, answer(500, 'broken'))
  const gateway = await startGatewayHere(
    t,
    topology({ edges: [{ name: 'fra', url: bad.url }, good], policy: { strategy: 'failover' } }),
  )
  for (let i = 0; i < 6; i++) t.equal((await get(`${gateway.url}/1k`)).status, 200)
  t.equal(bad.requests.length, 5, 'after five failures it is left alone')
  t.equal((await gateway.metrics()).sum('polycdn_endpoint_ejections_total', { cdn: 'fra' }), 1)
})
