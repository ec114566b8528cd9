import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { startGateway } from '../helpers/gateway.ts'
import { tempDir } from '../helpers/scope.ts'
import { until } from '../helpers/wait.ts'
import { topology } from '../scenarios/topology.ts'

/** `systemd-notify`, which writes down what it was asked to say. */
function stub(t: Test): { readonly env: Record<string, string>; beats(): boolean; said(): string } {
  const dir = tempDir(t, 'notify')
  const log = join(dir, 'said')
  writeFileSync(log, '')
  writeFileSync(join(dir, 'systemd-notify'), `#!/bin/sh\necho "$NOTIFY_SOCKET $*" >> '${log}'\n`)
  chmodSync(join(dir, 'systemd-notify'), 0o755)
  const env = { PATH: `${dir}:${process.env.PATH}`, NOTIFY_SOCKET: '@test', WATCHDOG_USEC: '200000' }
  // The beat of the watchdog is heard between any two others.
  const all = () => readFileSync(log, 'utf8')
  return {
    env,
    beats: () => all().includes('@test WATCHDOG=1\n'),
    said: () => all().replaceAll('@test WATCHDOG=1\n', ''),
  }
}

t.test('systemd is told of readiness, reloads, the end, and that the event loop turns', async (t) => {
  const { env, beats, said } = stub(t)
  const config = topology({ edges: [{ name: 'fra', url: 'http://127.0.0.1:1' }] })
  const gateway = await startGateway(t, config, { env })
  const says = (text: string) => until(() => said().includes(text), { what: () => `${text} in ${said()}` })
  await says('@test --ready --status=serving\n')
  await until(beats)
  await gateway.reload()
  await says('@test --reloading\n@test --ready --status=serving\n')
  gateway.write({ ...config, wrong: true })
  gateway.signal('SIGHUP')
  await says('@test --ready --status=the last reload was rejected\n')
  t.ok(said().indexOf('--reloading') < said().indexOf('rejected'))
  await gateway.close()
  await says('@test --stopping --status=draining\n')
})

t.test('without NOTIFY_SOCKET nobody is told, and a program that is missing costs nothing', async (t) => {
  const { env, said } = stub(t)
  const config = topology({ edges: [{ name: 'fra', url: 'http://127.0.0.1:1' }] })
  const quiet = await startGateway(t, config, { env: { ...env, NOTIFY_SOCKET: '' } })
  t.equal((await quiet.close()).code, 0)
  t.equal(said(), '')
  const alone = await startGateway(t, config, { env: { PATH: '/nowhere', NOTIFY_SOCKET: '@test' } })
  const exit = await alone.close()
  t.equal(exit.code, 0)
  t.equal(exit.stderr, '')
})
