import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { configText, type Gateway, startGateway, startGatewayHere } from '../helpers/gateway.ts'
import { get } from '../helpers/http.ts'
import { type Nginx, startNginx } from '../helpers/nginx.ts'
import { skipUnless } from '../helpers/programs.ts'
import { tempDir } from '../helpers/scope.ts'
import { until } from '../helpers/wait.ts'
import { startWrk, type WrkRun } from '../helpers/wrk.ts'
import { topology } from './topology.ts'

const RELOADS = 'polycdn_config_reloads_total'
const LAST = 'polycdn_config_last_reload_successful'
/** Enough to meet each moment of a reload, and little enough that it does not take long. */
const LOAD = { duration: 120, pause: 100 }
const BROKEN = `version: 1
listen: [{ address: 127.0.0.1:0 }]
cdns:
  - name: fra
    provider: http
    url: http://127.0.0.1:1
    wieght: 3
sites:
  - { name: www, hosts: ["*"], routes: [{ policy: nowhere }] }
`

async function edgeOf(gateway: Gateway): Promise<unknown> {
  return (await get(`${gateway.url}/1k`)).headers['x-edge']
}

async function reloads(gateway: Gateway, result: string): Promise<number> {
  return (await gateway.metrics()).sum(RELOADS, { result })
}

async function movesTo(gateway: Gateway, edge: Nginx): Promise<void> {
  await until(async () => (await edgeOf(gateway)) === edge.name, { what: `traffic to move to ${edge.name}` })
  const served = async () => (await gateway.metrics()).sum('polycdn_requests_total', { cdn: edge.name, code: '2xx' })
  const before = await served()
  await until(async () => (await served()) > before + 100, { interval: 50, what: `load on ${edge.name}` })
}

async function loadEnded(t: Test, load: WrkRun): Promise<void> {
  load.child.process.kill('SIGINT')
  const result = await load.result()
  t.comment(result.output)
  t.ok(result.requests > 500)
  t.equal(result.failed, 0, 'answers that are not 2xx')
  t.equal(result.socketErrors, 0, 'failures of sockets')
}

function startEdges(t: Test): Promise<[Nginx, Nginx, Nginx]> {
  const start = (name: string) => startNginx(t, { name })
  return Promise.all([start('fra'), start('iad'), start('sin')])
}

t.test('under load the CDNs change by file, by SIGHUP and by POST: not one request fails', async (t) => {
  if (!skipUnless(t, 'nginx', 'wrk')) return
  const [fra, iad, sin] = await startEdges(t)
  const gateway = await startGateway(t, topology({ edges: [fra] }))
  const load = startWrk(t, { url: `${gateway.url}/1k`, ...LOAD })
  await movesTo(gateway, fra)

  gateway.write(topology({ edges: [iad] }))
  await movesTo(gateway, iad)

  gateway.write(topology({ edges: [sin] }))
  gateway.signal('SIGHUP')
  await movesTo(gateway, sin)

  gateway.write(topology({ edges: [fra] }))
  const answer = await gateway.reload()
  t.equal(answer.status, 200, answer.body)
  t.equal(await edgeOf(gateway), 'fra', 'POST /reload answers when the new configuration serves')
  await movesTo(gateway, fra)

  await loadEnded(t, load)
  t.equal((await gateway.metrics()).value(LAST), 1)
  t.equal(await reloads(gateway, 'failure'), 0)
  const exit = await gateway.close()
  t.equal(exit.code, 0)
  t.equal(exit.stderr, '')
})

t.test('SIGHUP and POST /reload load again also when no watcher saw a change', async (t) => {
  if (!skipUnless(t, 'nginx')) return
  const [fra] = await startEdges(t)
  const gateway = await startGateway(t, topology({ edges: [fra] }))
  const before = await reloads(gateway, 'success')
  gateway.signal('SIGHUP')
  await until(async () => (await reloads(gateway, 'success')) === before + 1, { what: 'the reload by SIGHUP' })
  t.equal((await gateway.reload()).status, 200)
  t.equal(await reloads(gateway, 'success'), before + 2)
})

t.test('a broken file changes nothing and is reported, by file and by POST; a good one ends the alarm', async (t) => {
  if (!skipUnless(t, 'nginx', 'wrk')) return
  const [fra, , sin] = await startEdges(t)
  const gateway = await startGatewayHere(t, topology({ edges: [fra] }))
  const load = startWrk(t, { url: `${gateway.url}/1k`, ...LOAD })
  await movesTo(gateway, fra)
  gateway.write(BROKEN)

  const rejected = await gateway.logged('config-rejected')
  const problems = JSON.stringify(rejected.problems)
  t.match(problems, /config\.yaml:7:5: .*wieght.*weight/, 'the unknown key, its place and the nearest name')
  t.match(problems, /config\.yaml:9:\d+: .*nowhere/, 'all problems at once')

  const answer = await gateway.reload()
  t.equal(answer.status, 422)
  t.match(answer.body, /config\.yaml:7:5: .*wieght/)
  t.match(answer.body, /config\.yaml:9:\d+: .*nowhere/)
  const metrics = await gateway.metrics()
  t.equal(metrics.value(LAST), 0)
  t.ok(metrics.sum(RELOADS, { result: 'failure' }) >= 2)
  await movesTo(gateway, fra)

  gateway.write(topology({ edges: [sin] }))
  await movesTo(gateway, sin)
  t.equal((await gateway.metrics()).value(LAST), 1)
  await loadEnded(t, load)
})

t.test('a ConfigMap is swapped by its symbolic link', async (t) => {
  if (!skipUnless(t, 'nginx')) return
  const [fra, iad] = await startEdges(t)
  const dir = tempDir(t, 'configmap')
  const version = (name: string, text: string) => {
    mkdirSync(join(dir, name))
    writeFileSync(join(dir, name, 'config.yaml'), text)
    symlinkSync(name, join(dir, '..tmp'))
    renameSync(join(dir, '..tmp'), join(dir, '..data'))
  }
  version('..2026_1', configText(topology({ edges: [fra] })))
  symlinkSync('..data/config.yaml', join(dir, 'config.yaml'))
  const gateway = await startGatewayHere(t, '', { file: join(dir, 'config.yaml') })
  t.equal(await edgeOf(gateway), 'fra')
  version('..2026_2', configText(topology({ edges: [iad] })))
  await until(async () => (await edgeOf(gateway)) === 'iad', { what: 'the swapped configuration to serve' })
})
