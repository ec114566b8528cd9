import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { type Gateway, startGateway } from '../helpers/gateway.ts'
import { type Got, get, keepAlive } from '../helpers/http.ts'
import { answer } from '../helpers/misbehaviour.ts'
import type { Scope } from '../helpers/scope.ts'
import { type ScriptedUpstream, scriptedUpstream } from '../helpers/scripted-upstream.ts'
import { until } from '../helpers/wait.ts'

interface Told {
  readonly candidates: readonly { readonly cdn: string; readonly reason: string; readonly ms?: number }[]
}

const WORKERS = 2
const CHECKED = { path: '/health', interval: '200ms' }

/** Says its name, after a while. */
function edge(scope: Scope, name: string, ms = 0): Promise<ScriptedUpstream> {
  return scriptedUpstream(scope, () => [sleep(ms), ...answer(200, 'ok\n', { 'x-edge': name })])
}

function configOf(edges: Readonly<Record<string, ScriptedUpstream>>) {
  const at = { slow: 'FRA', quick: 'IAD', plain: 'FRA', spare: 'FRA' } as Record<string, string>
  const weight = { slow: 100, quick: 70, plain: 30, spare: 0 } as Record<string, number>
  const cdns = Object.entries(edges).map(([name, { url }]) => ({
    name,
    provider: 'http',
    url,
    locations: [at[name]],
    weight: weight[name],
    ...(name === 'slow' || name === 'quick' ? { health_check: CHECKED } : {}),
  }))
  const policies = {
    fastest: { cdns: ['slow', 'quick'], strategy: 'latency' },
    shared: { cdns: ['quick', 'plain', 'spare'], strategy: 'weighted' },
    hashed: { cdns: ['quick', 'plain', 'spare'], strategy: 'hash' },
    kept: { cdns: ['quick', 'plain', 'spare'], strategy: 'weighted', affinity: 'client-network' },
    measured: { cdns: ['spare'], strategy: 'latency' },
  }
  const routes = Object.keys(policies).map((policy) => ({ policy, match: { path: `/${policy}/**` } }))
  const geoip = { overrides: { '127.0.0.0/8': 'FRA' } }
  return { workers: WORKERS, geoip, cdns, sites: [{ name: 'www', hosts: ['*'], routes }], policies }
}

const decisionOf = ({ headers }: Got): Told => JSON.parse(String(headers['polycdn-decision']))

/** On connections of their own, which are dealt out to all workers. */
function fromAnywhere(gateway: Gateway, path: string, count = 8 * WORKERS): Promise<Got[]> {
  const headers = { connection: 'close', 'polycdn-debug': '1' }
  return Promise.all(Array.from({ length: count }, () => get(`${gateway.url}${path}`, { headers })))
}

t.test('strategies in the whole program, with several workers', async (t) => {
  const edges = {
    slow: await edge(t, 'slow', 150),
    quick: await edge(t, 'quick'),
    plain: await edge(t, 'plain'),
    spare: await edge(t, 'spare', 60),
  }
  const gateway = await startGateway(t, configOf(edges))
  const explained = async (path: string): Promise<Told> => {
    const answered = await gateway.admin('GET', `/explain?ip=127.0.0.1&host=a&path=${path}`)
    return JSON.parse(answered.body).decision
  }

  await t.test('active checks alone tell every worker who is fast, however far it is', async (t) => {
    await until(async () => (await explained('/fastest/a')).candidates.find(({ cdn }) => cdn === 'slow')!.ms! >= 150)
    // The next check of it: whoever was told of the last one knows by now.
    await edges.slow.received(edges.slow.requests.length + 1)
    const decisions = (await fromAnywhere(gateway, '/fastest/a')).map(decisionOf)
    for (const { candidates } of decisions) {
      t.match(candidates, [{ cdn: 'quick' }, { cdn: 'slow' }])
      t.ok(candidates[0]!.ms! < 150 && candidates[1]!.ms! >= 150, JSON.stringify(candidates))
    }
    t.ok(
      edges.slow.requests.every(({ target }) => target === CHECKED.path),
      'no request had to find out',
    )
    t.match(await explained('/fastest/a'), { candidates: [{ cdn: 'quick', reason: 'latency' }, { cdn: 'slow' }] })
  })

  await t.test('what workers measure is told to whoever explains', async (t) => {
    t.equal((await explained('/measured/a')).candidates[0]!.ms, 0)
    await fromAnywhere(gateway, '/measured/a', 1)
    await until(async () => (await explained('/measured/a')).candidates[0]!.ms! >= 60)
    t.end()
  })

  await t.test('weights are kept within a few requests', async (t) => {
    const agent = keepAlive(t, 1)
    const counts: Record<string, number> = {}
    for (let request = 0; request < 100; request++) {
      const { headers } = await get(`${gateway.url}/shared/${request}`, { agent })
      counts[String(headers['x-edge'])] = (counts[String(headers['x-edge'])] ?? 0) + 1
    }
    t.ok(Math.abs(counts.quick! - 70) <= 3 && counts.spare === undefined, JSON.stringify(counts))
  })

  await t.test('a path has one CDN in every worker, and so has a client network', async (t) => {
    const seen = new Set<unknown>()
    for (const path of ['/hashed/a', '/hashed/b', '/hashed/c', '/hashed/d', '/hashed/e', '/hashed/f']) {
      const by = new Set((await fromAnywhere(gateway, path, 6)).map(({ headers }) => headers['x-edge']))
      t.equal(by.size, 1, path)
      for (const one of by) seen.add(one)
    }
    // Ports, which the system chooses, are a part of what is hashed.
    const agent = keepAlive(t, 1)
    for (let path = 0; path < 60 && seen.size < 2; path++) {
      seen.add((await get(`${gateway.url}/hashed/${path}`, { agent })).headers['x-edge'])
    }
    t.equal(seen.size, 2)
    const kept = await fromAnywhere(gateway, '/kept/a')
    t.equal(new Set(kept.map(({ headers }) => headers['x-edge'])).size, 1)
    t.ok(kept.every((got) => decisionOf(got).candidates[0]!.reason === 'affinity'))
    const home = String(kept[0]!.headers['x-edge']) as 'quick' | 'plain'
    await edges[home].refuse()
    const meanwhile = (await fromAnywhere(gateway, '/kept/a', 4)).map(({ status, headers }) => [
      status,
      headers['x-edge'],
    ])
    const other = home === 'quick' ? 'plain' : 'quick'
    t.strictSame(meanwhile, Array(4).fill([200, other]))
    await edges[home].listen()
    await until(async () => (await fromAnywhere(gateway, '/kept/a', 1))[0]!.headers['x-edge'] === home)
  })
})
