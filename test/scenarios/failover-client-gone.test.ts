import t, { type Test } from 'tap'
import { download } from '../helpers/download.ts'
import { type FaultProxy, faultProxy } from '../helpers/fault-proxy.ts'
import type { Fault } from '../helpers/faults.ts'
import { type Gateway, startGatewayHere } from '../helpers/gateway.ts'
import { type Nginx, ONE_KIB, startNginx } from '../helpers/nginx.ts'
import { skipUnless } from '../helpers/programs.ts'
import { type RawClient, rawClient } from '../helpers/raw-client.ts'
import { until } from '../helpers/wait.ts'
import { topology } from './topology.ts'

/** More than all buffers on the way hold. */
const LARGE = Buffer.alloc(64 * 1024 * 1024)
/** Long enough that no timeout is what ends anything here. */
const PATIENT = { connect_timeout: '60s', per_try_timeout: '60s', body_idle_timeout: '60s', timeout: '60s' }

interface Bench {
  readonly proxies: readonly FaultProxy[]
  readonly gateway: Gateway
  /** Default: /1k. */
  get(path?: string): Promise<RawClient>
}

async function bench(t: Test, faults: readonly (Fault | null)[], policy: object = {}): Promise<Bench> {
  const edge: Nginx = await startNginx(t, { name: 'edge', files: { '/large': LARGE, '/1k': ONE_KIB } })
  const proxies = await Promise.all(faults.map((fault) => faultProxy(t, { edge: edge.url, fault })))
  const edges = proxies.map(({ url }, i) => ({ name: `cdn-${i}`, url }))
  const locations = Object.fromEntries(edges.map(({ name }) => [name, []]))
  const gateway = await startGatewayHere(
    t,
    topology({ edges, locations, policy: { strategy: 'failover', retry: PATIENT, ...policy } }),
  )
  const get = async (path = '/1k') => (await rawClient(t, gateway)).send(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`)
  return { proxies, gateway, get }
}

/** Nobody is asked any more, nothing is open, and nobody is blamed. */
async function freed(t: Test, { proxies, gateway }: Bench): Promise<void> {
  const open = () => proxies.reduce((sum, proxy) => sum + proxy.open, 0)
  await until(() => open() === 0, { what: () => `the end of ${open()} connections to CDNs` })
  const idle = async () => (await gateway.metrics()).sum('polycdn_requests_in_flight') === 0
  await until(idle, { what: 'no request in flight' })
  const metrics = await gateway.metrics()
  t.equal(metrics.sum('polycdn_endpoint_ejections_total'), 0)
  t.equal(open(), 0, 'nothing came after')
}

const STALLS: readonly Fault[] = ['half-open', 'stall-before-headers', 'drip-headers']

t.test('a client that leaves while a CDN is silent frees it', async (t) => {
  if (!skipUnless(t, 'nginx')) return
  for (const fault of STALLS) {
    const it = await bench(t, [fault, null])
    const [first, second] = it.proxies
    for (const leave of ['reset', 'close'] as const) {
      const client = await it.get()
      await until(() => first!.open === 1, { what: `the request at ${fault}` })
      client[leave]()
      await freed(t, it)
    }
    t.equal(first!.connections, 2, `${fault}: one connection a request`)
    t.equal(second!.connections, 0, `${fault}: nobody else is asked`)
    t.equal((await it.gateway.metrics()).sum('polycdn_failovers_total'), 0)
    await it.gateway.close()
  }
})

t.test('a client that leaves in mid-body frees the CDN, however it leaves', async (t) => {
  if (!skipUnless(t, 'nginx')) return
  const it = await bench(t, ['stall-in-body', null])
  for (const leave of ['reset', 'close'] as const) {
    const client = await it.get()
    await client.received('X-Edge')
    client[leave]()
    await freed(t, it)
  }
  await it.proxies[0]!.set(null)
  const slow = await it.get('/large')
  slow.socket.pause()
  await until(() => it.proxies[0]!.requests.length === 3, { what: 'the third request' })
  slow.reset()
  await freed(t, it)
  t.equal(it.proxies[0]!.abandoned, 3)
  t.equal(it.proxies[1]!.connections, 0)
})

t.test('a client that leaves after a switch in mid-body frees the second CDN', async (t) => {
  if (!skipUnless(t, 'nginx')) return
  const it = await bench(t, ['end-in-body', 'stall-in-body', null])
  const client = await it.get()
  await until(() => it.proxies[1]!.open === 1, { what: 'the request for the rest' })
  client.reset()
  await freed(t, it)
  t.equal(it.proxies[2]!.connections, 0)
})

t.test('a client that leaves while the same CDN is about to be tried again ends that', async (t) => {
  if (!skipUnless(t, 'nginx')) return
  const retry = { ...PATIENT, attempts: 12, budget_per_second: 1000 }
  const it = await bench(t, ['reset-on-connect'], { retry, fallback: 'none' })
  const client = await it.get()
  await until(() => it.proxies[0]!.connections >= 2, { what: 'a second try' })
  client.reset()
  await freed(t, it)
  const before = it.proxies[0]!.connections
  const [other] = await (await it.get()).responses(1)
  t.equal(other?.status, 502)
  t.equal(it.proxies[0]!.connections, before + 12, 'only the tries of the one that stayed')
})

t.test('a client that leaves during a hedge frees both CDNs', async (t) => {
  if (!skipUnless(t, 'nginx')) return
  const hedge = { enabled: true, after: '50ms', max_extra_percent: 100 }
  const it = await bench(t, ['stall-before-headers', 'stall-before-headers', null], { hedge })
  const client = await it.get()
  await until(() => it.proxies[0]!.open === 1 && it.proxies[1]!.open === 1, { what: 'the hedge' })
  client.reset()
  await freed(t, it)
  t.equal(it.proxies[0]!.abandoned + it.proxies[1]!.abandoned, 2)
})

t.test('the loser of a hedge is freed, too', async (t) => {
  if (!skipUnless(t, 'nginx')) return
  const hedge = { enabled: true, after: '50ms', max_extra_percent: 100 }
  const it = await bench(t, ['stall-before-headers', null], { hedge })
  const got = await download({ port: it.gateway.port, path: '/1k' })
  t.match(got, { end: 'whole', status: 200, bytes: 1024 })
  await until(() => it.proxies[0]!.open === 0, { what: 'the end of the slow one' })
  t.equal(it.proxies[0]!.abandoned, 1)
})
