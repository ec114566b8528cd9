import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { drain } from '../../src/commands/drain.ts'
import { commandHere } from '../helpers/command-here.ts'
import { type Gateway, runCommand, startGateway, startGatewayHere, writeConfig } from '../helpers/gateway.ts'
import { get } from '../helpers/http.ts'
import { answer } from '../helpers/misbehaviour.ts'
import { tempDir } from '../helpers/scope.ts'
import { scriptedUpstream } from '../helpers/scripted-upstream.ts'
import { topology } from './topology.ts'

/** Who answers on connections of their own, which all workers get. */
async function answered(gateway: Gateway): Promise<readonly string[]> {
  const asked = Array.from({ length: 8 }, () => get(gateway.url, { headers: { connection: 'close' } }))
  return [...new Set((await Promise.all(asked)).map(({ status, body }) => `${status} ${body}`))]
}

for (const workers of [1, 2]) {
  t.test(`a drained CDN gets nothing new, also after a reload and a restart, workers: ${workers}`, async (t) => {
    const [near, far] = [await scriptedUpstream(t, answer(200, 'near')), await scriptedUpstream(t, answer(200, 'far'))]
    const edges = [
      { name: 'fra', url: near.url },
      { name: 'iad', url: far.url },
    ]
    const policies = { default: { cdns: ['fra', 'iad'], strategy: 'failover', fallback: 'none' } }
    const config = { ...topology({ edges }), policies, workers, state_dir: 'state' }
    const file = join(tempDir(t, 'drain'), 'config.yaml')
    writeConfig(file, config)
    const start = workers === 1 ? startGatewayHere : startGateway
    const first = await start(t, '', { file })
    const post = async (path: string) => {
      const { status, body } = await first.admin('POST', path)
      return [status, JSON.parse(body)]
    }
    t.strictSame(await answered(first), ['200 near'])
    t.strictSame(await post('/cdns/fra/drain'), [200, { cdn: 'fra', drained: true, kept: true, without_cdn: [] }])
    t.strictSame(await answered(first), ['200 far'], 'who was told of it finds it true')
    t.match(await post('/cdns/naer/drain'), [404, { error: 'cdn_not_here', message: 'no CDN is named "naer"' }])
    await first.reload()
    t.strictSame(await answered(first), ['200 far'])
    t.match(JSON.parse((await first.admin('GET', '/status')).body), { drained: ['fra'] })
    const explained = await first.admin('GET', '/explain?ip=192.0.2.1&host=a')
    t.match(JSON.parse(explained.body).decision, { rejected: [{ cdn: 'fra', reason: 'drained' }] })
    await first.close()

    const second = await start(t, '', { file })
    t.strictSame(await answered(second), ['200 far'])
    const text = readFileSync(file, 'utf8')
    writeFileSync(
      file,
      text.replace('admin:\n  address: 127.0.0.1:0', `admin:\n  address: ${second.adminUrl.slice(7)}`),
    )
    const last = await commandHere(drain, ['iad', '--config', file])
    t.equal(last.code, 0, last.stderr)
    t.match(last.stderr, /no CDN left: default/)
    t.match(await answered(second), [/^503 /])
    const off = ['fra', '--off', '--config', file]
    const back = await (workers === 1 ? commandHere(drain, off) : runCommand(t, ['drain', ...off]).exited())
    t.equal(back.code, 0, back.stderr)
    t.match(back.stdout, 'fra takes requests again')
    t.strictSame(await answered(second), ['200 near'])
    // One that a reload takes away can be taken back, and nobody else.
    const undrain = (name: string) => second.admin('POST', `/cdns/${name}/undrain`)
    writeFileSync(file, text.replaceAll(/\biad\b/g, 'lhr'))
    t.equal((await second.reload()).status, 200)
    t.equal((await undrain('iad')).status, 200)
    t.equal((await undrain('iad')).status, 404)
    await second.close()
    t.same(JSON.parse(readFileSync(join(dirname(file), 'state', 'drained.json'), 'utf8')).cdns, [])
  })
}

t.test('a damaged file costs what it knew, and a line in the log', async (t) => {
  const near = await scriptedUpstream(t, answer(200, 'near'))
  const file = join(tempDir(t, 'drain'), 'config.yaml')
  writeConfig(file, { ...topology({ edges: [{ name: 'fra', url: near.url }] }), state_dir: '.' })
  writeFileSync(join(dirname(file), 'drained.json'), '{"version":1,"cdns":["fra"')
  const gateway = await startGatewayHere(t, '', { file })
  t.match(await gateway.logged('drain-state-unreadable'), { level: 'warn' })
  t.equal((await get(gateway.url)).body, 'near')
})
