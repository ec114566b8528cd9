import { existsSync, readdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { AcmeKeeper } from '../../src/acme/keeper.ts'
import { LEASE } from '../../src/acme/lock.ts'
import type { AcmeSettings } from '../../src/acme/settings.ts'
import type { AcmeState } from '../../src/acme/state.ts'
import { Log } from '../../src/observe/log.ts'
import { Metrics } from '../../src/observe/metrics.ts'
import { type AcmeDirectory, startAcmeDirectory } from '../helpers/acme-directory.ts'
import { seededRandom } from '../helpers/random.ts'
import { type Scope, tempDir } from '../helpers/scope.ts'
import { ScriptedClock } from '../helpers/scripted-clock.ts'
import { until } from '../helpers/wait.ts'
import { door } from '../http/support/door.ts'
import { Lines, site } from '../http/support/services.ts'

const MINUTE = 60_000
const DAY = 86_400_000

/** A gateway's keeper, whose time passes when the test says so, and its plain listener. */
async function gatewayOf(scope: Scope, settings: AcmeSettings) {
  const clock = new ScriptedClock()
  const lines = new Lines()
  const metrics = new Metrics({ version: '1', node: '1' }, { processMetrics: false })
  const { port, services } = await door(scope, { sites: [site()], over: { acme: settings } })
  const begun = Date.now()
  const changes: Partial<AcmeState>[] = []
  const keeper = new AcmeKeeper({
    timers: clock,
    now: () => begun + clock.now(),
    random: () => 0,
    log: new Log({ sink: lines, now: Date.now }),
    metrics,
    onChange: async (change) => {
      changes.push(change)
      if (change.challenges === undefined) return
      services.challenges.clear()
      for (const [token, answer] of change.challenges) services.challenges.set(token, answer)
    },
  })
  scope.teardown(() => keeper.close())
  const logged = (event: string) => lines.records.filter((line) => line.event === event)
  /** Resolves when the keeper waits for its next look, and not for the renewal of its lock. */
  const rest = () => {
    return until(() => clock.pauses.length === 1 && clock.pauses[0]! > 0 && clock.pauses[0] !== LEASE / 4, {
      what: () => `rest (${clock.pauses}): ${lines.all.join()}`,
    })
  }
  /** Lets the keeper do what is due, until it waits again. */
  const wake = async (ms: number) => {
    clock.advance(ms)
    await rest()
  }
  return { keeper, clock, lines, logged, metrics, port, services, changes, rest, wake }
}

function settingsFor(scope: Scope, { url }: AcmeDirectory, names: readonly string[]): AcmeSettings {
  return { email: 'ops@example.com', directory: url, names, folder: join(tempDir(scope, 'acme'), 'ca') }
}

t.test('orders what is missing, two at a time, and renews it in time', async (t) => {
  const directory = await startAcmeDirectory(t, { badNonces: 0.3, random: seededRandom(7) })
  const names = ['a.test', 'b.test', 'c.test', 'd.test']
  const settings = settingsFor(t, directory, names)
  const gateway = await gatewayOf(t, settings)
  directory.options.port = gateway.port
  await gateway.keeper.recall(settings)
  t.same(gateway.keeper.state.certificates, [])
  gateway.keeper.adopt(settings)
  await gateway.wake(0)
  t.same([...directory.issued].sort(), names)
  t.equal(directory.accounts, 1)
  t.equal(directory.mostPending, 2)
  t.equal(gateway.keeper.state.certificates.length, 4)
  t.equal(gateway.keeper.state.challenges.size, 0)
  t.same(readdirSync(join(settings.folder, 'challenges')), [])
  t.notOk(existsSync(join(settings.folder, 'lock')), 'the lock was given back')
  t.match(
    (await gateway.metrics.exposition()).body,
    /polycdn_tls_certificate_expiry_timestamp_seconds\{name="a.test"\} \d+/,
  )
  t.notMatch(gateway.lines.all.join(), /PRIVATE KEY/)

  await gateway.wake(50 * DAY)
  t.equal(directory.issued.length, 4, 'not yet')
  const before = gateway.keeper.state.certificates.map(({ cert }) => cert)
  await gateway.wake(11 * DAY)
  t.equal(directory.issued.length, 8, 'a third of 90 days is left')
  t.equal(directory.accounts, 1, 'the same account')
  t.notSame(
    gateway.keeper.state.certificates.map(({ cert }) => cert),
    before,
  )
})

t.test('a name that fails waits; the others get theirs', async (t) => {
  const directory = await startAcmeDirectory(t, { lifetime: 6 * DAY })
  const settings = settingsFor(t, directory, ['good.test', 'limited.test', 'wrong.test'])
  directory.refusals.set('limited.test', { retryAfter: 7200 }).set('wrong.test', 'invalid')
  const gateway = await gatewayOf(t, settings)
  directory.options.port = gateway.port
  gateway.keeper.adopt(settings)
  await gateway.wake(0)
  t.same(directory.issued, ['good.test'])
  const failed = gateway.logged('certificate-failed')
  t.same(new Map(failed.map((line) => [line.name, line.again_in_ms])).get('limited.test'), 120 * MINUTE)
  t.match(JSON.stringify(failed), /rateLimited: too many certificates/)
  t.match(JSON.stringify(failed), /unauthorized: the name does not lead there/)
  directory.refusals.clear()
  await gateway.wake(MINUTE)
  t.same(directory.issued, ['good.test', 'wrong.test'])
  await gateway.wake(118 * MINUTE)
  t.equal(directory.issued.length, 2, 'what the directory asked for is kept')
  await gateway.wake(MINUTE)
  t.equal(directory.issued.at(-1), 'limited.test')
  await gateway.wake(4.5 * DAY)
  t.equal(directory.issued.filter((name) => name === 'good.test').length, 2, 'six days are renewed after four')
})

t.test('of two gateways that share a folder one orders, and each answers for the other', async (t) => {
  const directory = await startAcmeDirectory(t)
  const settings = settingsFor(t, directory, ['shared.test', 'other.test'])
  const [first, second] = [await gatewayOf(t, settings), await gatewayOf(t, settings)]
  // The authority comes to the one that has not ordered.
  directory.options.port = second.port
  second.services.challenge = () => undefined
  first.keeper.adopt(settings)
  second.keeper.adopt(settings)
  first.clock.advance(0)
  await until(() => existsSync(join(settings.folder, 'lock')))
  await second.wake(0)
  await first.rest()
  await second.wake(5_000)
  t.same([...directory.issued].sort(), ['other.test', 'shared.test'], directory.looks.join())
  const certificates = ({ keeper }: typeof first) => keeper.state.certificates.map(({ cert }) => cert).sort()
  t.same(certificates(second), certificates(first))
})

t.test('a restart orders nothing again, but what is damaged; a dead holder of the lock is succeeded', async (t) => {
  const directory = await startAcmeDirectory(t)
  const settings = settingsFor(t, directory, ['a.test', 'b.test'])
  const first = await gatewayOf(t, settings)
  directory.options.port = first.port
  first.keeper.adopt(settings)
  await first.wake(0)
  await first.keeper.close()
  truncateSync(join(settings.folder, 'certificates', 'b.test.pem'), 300)
  writeFileSync(join(settings.folder, 'lock'), '{"owner":"dead"}')

  const second = await gatewayOf(t, settings)
  directory.options.port = second.port
  await second.keeper.recall(settings)
  t.equal(second.keeper.state.certificates.length, 1, 'there before anything is ordered')
  second.keeper.adopt(settings)
  await second.wake(0)
  t.equal(second.logged('acme-file-damaged').length, 1)
  t.equal(directory.issued.length, 2, 'somebody else may be at it')
  for (let i = 0; i < 12; i++) await second.wake(5_000)
  t.same(directory.issued.slice(2), ['b.test'])
  t.equal(directory.accounts, 1)
})

t.test('a reload adds names, keeps what serves when the directory changes, and ends what is under way', async (t) => {
  const [staging, real] = [await startAcmeDirectory(t), await startAcmeDirectory(t)]
  const settings = settingsFor(t, staging, ['a.test'])
  const gateway = await gatewayOf(t, settings)
  staging.options.port = real.options.port = gateway.port
  gateway.keeper.adopt(settings)
  await gateway.wake(0)
  const cert = gateway.keeper.state.certificates[0]?.cert
  const moved = { ...settings, directory: real.url, folder: `${settings.folder}-2`, names: ['a.test', 'b.test'] }
  gateway.keeper.adopt(moved)
  t.same(
    gateway.keeper.state.certificates.map((each) => each.cert),
    [cert],
    'still serves',
  )
  real.refusals.set('b.test', 'invalid')
  await gateway.wake(0)
  t.same(real.issued, ['a.test'])
  t.notSame(
    gateway.keeper.state.certificates.map((each) => each.cert),
    [cert],
    'replaced',
  )
  gateway.keeper.adopt({ ...moved, names: ['c.test'] })
  gateway.clock.advance(0)
  gateway.keeper.adopt(null)
  t.same(gateway.changes.at(-1), { certificates: [] })
  await gateway.keeper.close()
  t.same(gateway.clock.pauses, [], 'nothing is left to do')
})
