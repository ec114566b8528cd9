import { join } from 'node:path'
import t from 'tap'
import { type Gateway, startGateway, startGatewayHere, writeConfig } from '../helpers/gateway.ts'
import { get } from '../helpers/http.ts'
import { answer } from '../helpers/misbehaviour.ts'
import { tempDir } from '../helpers/scope.ts'
import { scriptedUpstream } from '../helpers/scripted-upstream.ts'
import { until } from '../helpers/wait.ts'
import { topology } from './topology.ts'

async function ejected(gateway: Gateway): Promise<boolean> {
  const { body } = await gateway.admin('GET', '/status')
  return JSON.parse(body).endpoints[0].state === 'ejected'
}

for (const workers of [1, 2]) {
  t.test(`an ejection survives a restart with ${workers} worker(s): state_dir`, async (t) => {
    const bad = await scriptedUpstream(t, ['reset!'])
    const good = await scriptedUpstream(t, answer())
    const edges = [
      { name: 'fra', url: bad.url },
      { name: 'iad', url: good.url },
    ]
    const policy = { strategy: 'failover', outlier_detection: { consecutive_failures: 3, base_ejection: '5m' } }
    const file = join(tempDir(t, 'state'), 'config.yaml')
    writeConfig(file, { ...topology({ edges, policy }), workers, state_dir: 'state' })
    const start = workers === 1 ? startGatewayHere : startGateway
    const first = await start(t, '', { file })
    await until(
      async () => {
        t.equal((await get(first.url)).status, 200)
        return ejected(first)
      },
      { what: 'the ejection' },
    )
    const exit = await first.close()
    if (workers > 1) t.match(exit, { code: 0 })
    const asked = bad.requests.length
    const second = await start(t, '', { file })
    t.ok(await ejected(second))
    for (let count = 0; count < 10; count++) t.equal((await get(second.url)).status, 200)
    t.equal(bad.requests.length, asked, 'the first request knows it already')
  })
}
