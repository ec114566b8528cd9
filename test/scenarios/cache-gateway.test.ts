import { join } from 'node:path'
import t from 'tap'
import { startGateway } from '../helpers/gateway.ts'
import { get } from '../helpers/http.ts'
import { answer } from '../helpers/misbehaviour.ts'
import { tempDir } from '../helpers/scope.ts'
import { scriptedUpstream } from '../helpers/scripted-upstream.ts'
import { until } from '../helpers/wait.ts'

const HEADERS = { host: 'www.test' }
const FRESH = { 'cache-control': 'max-age=600' }

t.test(
  'several processes: what one sees change is taken out of the memory of all, and the disk is there again',
  async (t) => {
    const upstream = await scriptedUpstream(t, ({ method }) =>
      method === 'POST' ? answer(204, '') : answer(200, 'x'.repeat(1000), FRESH),
    )
    const config = {
      workers: 2,
      log: { access: true },
      cache: { disk: { path: join(tempDir(t, 'cache'), 'disk') } },
      cdns: [{ name: 'edge', provider: 'http', url: upstream.url }],
      sites: [{ name: 'www', hosts: ['*'], origin: { urls: [upstream.url] } }],
      policies: { default: { cdns: ['edge'] } },
    }
    const gateway = await startGateway(t, config)
    const results = new Set<unknown>()
    const ask = async () => {
      // A new connection each time: the kernel deals them out to both.
      const { headers, body } = await get(gateway.url, { headers: { ...HEADERS, connection: 'close' } })
      t.equal(body.length, 1000)
      results.add(String(headers['cache-status']).split(';')[1])
    }
    for (let at = 0; at < 20; at++) await ask()
    t.equal(upstream.requests.length, 1, 'the other process finds it on disk')
    t.same(results, new Set([' fwd=uri-miss', ' hit']))
    await get(gateway.url, { method: 'POST', headers: HEADERS })
    const before = upstream.requests.length
    await until(
      async () => {
        await ask()
        return upstream.requests.length > before
      },
      { what: 'a question after the change' },
    )
    const saved = await until(async () => {
      const metrics = await gateway.metrics()
      // Each process tells what it counted when it is asked, and a busy one a little later.
      const isTold = metrics.value('polycdn_cache_invalidations_total', { site: 'www' }) === 1
      return isTold && metrics.sum('polycdn_cache_saved_bytes_total', { site: 'www' }) >= 19_000 && metrics
    })
    t.ok(saved.sum('polycdn_cache_bytes', { tier: 'disk' }) > 1000)
    t.ok(saved.sum('polycdn_cache_entries', { tier: 'disk' }) >= 1)
    await gateway.close()

    const asked = upstream.requests.length
    const again = await startGateway(t, config, { file: gateway.file })
    t.match((await get(again.url, { headers: HEADERS })).headers['cache-status'], /hit/)
    t.equal(upstream.requests.length, asked)
  },
)
