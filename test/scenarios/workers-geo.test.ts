import { copyFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { BUNDLED_DATABASE } from '../../src/geo/source.ts'
import { startGateway } from '../helpers/gateway.ts'
import { get } from '../helpers/http.ts'
import { answer } from '../helpers/misbehaviour.ts'
import { tempDir } from '../helpers/scope.ts'
import { scriptedUpstream } from '../helpers/scripted-upstream.ts'
import { until } from '../helpers/wait.ts'
import { workerPids } from '../helpers/worker-processes.ts'
import { topology } from './topology.ts'

t.test('workers are replaced although the geo file is gone, and until then nobody is ready', async (t) => {
  const edge = await scriptedUpstream(t, answer(200, 'here'))
  const database = join(tempDir(t, 'geo'), 'geo.mmdb')
  copyFileSync(BUNDLED_DATABASE, database)
  const config = topology({ edges: [{ name: 'fra', url: edge.url }] })
  const gateway = await startGateway(t, { ...config, workers: 2, geoip: { database } })
  const ready = async () => (await gateway.admin('GET', '/readyz')).status
  t.equal(await ready(), 200)
  renameSync(database, `${database}.gone`)
  for (const pid of workerPids(gateway)) process.kill(pid, 'SIGKILL')
  await until(async () => (await ready()) === 503, { interval: 1, what: 'nobody to be ready' })
  await until(async () => (await ready()) === 200, { what: 'somebody to be ready again' })
  t.match(await gateway.logged('geo-substituted'), { problems: [/geoip\.database: .*geo\.mmdb/] })
  t.equal((await get(gateway.url)).body.toString(), 'here')
})
