import t from 'tap'
import { startGatewayHere } from '../helpers/gateway.ts'
import { answer } from '../helpers/misbehaviour.ts'
import { scriptedUpstream } from '../helpers/scripted-upstream.ts'

t.test('a limit of the configuration holds in the process, and descriptors are counted at its start', async (t) => {
  const upstream = await scriptedUpstream(t, answer(200, 'fine'))
  const gateway = await startGatewayHere(t, {
    limits: { connections: 10_000_000 },
    policies: { default: { mode: 'origin', rate_limit: { requests_per_second: 0.001, burst: 1 } } },
    sites: [{ name: 'www', hosts: ['*'], origin: { urls: [upstream.url] } }],
  })
  const statuses = []
  for (const from of ['192.0.2.1', '192.0.2.1', '192.0.2.1', '192.0.2.2']) {
    statuses.push((await fetch(gateway.url, { headers: { 'x-forwarded-for': from } })).status)
  }
  t.same(statuses, [200, 200, 429, 200])
  t.equal((await gateway.admin('GET', '/readyz')).status, 200)
  t.equal((await gateway.metrics()).value('polycdn_rate_limited_total', { site: 'www', policy: 'default' }), 1)
  if (process.platform === 'linux') t.match(await gateway.logged('file-descriptors-short'), { needed: 20_000_128 })
})
