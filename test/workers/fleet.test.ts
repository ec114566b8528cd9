import cluster from 'node:cluster'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { NO_ACME } from '../../src/acme/state.ts'
import type { Purge } from '../../src/cache/purges.ts'
import { Log } from '../../src/observe/log.ts'
import { Metrics } from '../../src/observe/metrics.ts'
import { Fleet, type FleetOptions } from '../../src/workers/fleet.ts'
import type { Shipment } from '../../src/workers/messages.ts'
import type { Scope } from '../helpers/scope.ts'
import { until } from '../helpers/wait.ts'

const PROGRAM = fileURLToPath(new URL('support-worker.ts', import.meta.url))

// The loaders of the tests, which workers would have from this process, take longer than such a worker does.
cluster.setupPrimary({ execArgv: [] })

const shipment = (text: string): Shipment => ({
  source: { path: 'config.yaml', text, files: new Map() },
  places: new Map(),
  listen: [],
  loopId: 'x',
})

function fleetOf(scope: Scope, over: Partial<FleetOptions> = {}) {
  const said: string[] = []
  const logged: Record<string, unknown>[] = []
  const fleet = new Fleet({
    size: 2,
    atOnce: 2,
    program: PROGRAM,
    args: [],
    log: new Log({ sink: { write: (line) => logged.push(JSON.parse(line)) }, now: Date.now }),
    metrics: new Metrics({ version: '1', node: '1' }, { processMetrics: false }),
    sink: { write: (line) => said.push(line) },
    now: () => performance.now(),
    ticketKeys: new Uint8Array(48),
    board: () => ({ endpoints: [] }),
    latencies: () => [],
    acme: () => NO_ACME,
    quotes: () => [],
    drained: () => [],
    purges: () => [],
    manifests: () => [],
    onGrowth: () => {},
    onReports: () => {},
    ...over,
  })
  scope.teardown(() => fleet.close(34_000))
  fleet.begin()
  const heard = async (words: string, times: number) => {
    const count = () => said.filter((line) => line.endsWith(` ${words}`)).length
    await until(() => count() >= times, { what: () => `${times} times ${words} in ${said.join(', ')}` })
    return count()
  }
  const events = (event: string) => logged.filter((line) => line.event === event)
  return { fleet, said, heard, events }
}

t.test(
  'a configuration that one refuses is discarded by all; a good one is prepared by all before any commits',
  async (t) => {
    const { fleet, said, heard } = fleetOf(t)
    await fleet.start(shipment('first'))
    t.equal(fleet.serving, 2)
    t.strictSame(fleet.addresses, ['first'])
    await t.rejects(fleet.prepare(shipment('refuse')), { code: 'address_in_use' })
    const { discard } = await fleet.prepare(shipment('unwanted'))
    await discard()
    t.equal(await heard('discard first', 2), 2)
    const { commit } = await fleet.prepare(shipment('second'))
    t.equal(await heard('prepare first', 4), 4)
    t.notMatch(said.join(), 'commit')
    await commit()
    t.equal(await heard('commit second', 2), 2)
    t.strictSame(fleet.addresses, ['second'])
  },
)

t.test('with more processes than begin at once, the first ones serve before the others begin', async (t) => {
  const { fleet, heard } = fleetOf(t, { size: 5, atOnce: 2 })
  await fleet.start(shipment('first'))
  t.equal(fleet.serving, 2)
  t.equal(await heard('start first', 2), 2)
  await until(() => fleet.serving === 5, { what: 'the others' })
  t.equal(await heard('start first', 5), 5)
  const { commit } = await fleet.prepare(shipment('second'))
  await commit()
  t.equal(await heard('commit second', 5), 5)
})

t.test('none begins any more once all are told to end', async (t) => {
  const { fleet, said } = fleetOf(t, { size: 5, atOnce: 1 })
  await fleet.start(shipment('first'))
  await fleet.close(34_000)
  t.equal(fleet.serving, 0)
  t.equal(said.filter((line) => line.endsWith('start first')).length, 1, said.join())
})

t.test('one that was away during a reload starts with the newer configuration', async (t) => {
  const { fleet, said, heard, events } = fleetOf(t)
  await fleet.start(shipment('first'))
  process.kill(Number.parseInt(said[0]!, 10), 'SIGKILL')
  await until(() => events('worker-died').length === 1, { what: 'the death' })
  const { commit } = await fleet.prepare(shipment('second'))
  await commit()
  await until(() => fleet.serving === 2, { what: 'the replacement' })
  t.equal(await heard('commit second', 1), 1)
  t.equal(await heard('start second', 1), 1)
})

t.test('one that comes while the others prepare catches up', async (t) => {
  const { fleet, said, heard, events } = fleetOf(t)
  await fleet.start(shipment('first'))
  const { commit } = await fleet.prepare(shipment('second'))
  process.kill(Number.parseInt(said[0]!, 10), 'SIGKILL')
  await until(() => events('worker-died').length === 1 && fleet.serving === 2, { what: 'the replacement' })
  t.equal(await heard('start first', 3), 3)
  await commit()
  t.equal(await heard('commit second', 2), 2)
})

t.test(
  'a configuration over which every process dies is refused, and the next processes have the one before',
  async (t) => {
    const { fleet, heard } = fleetOf(t)
    await fleet.start(shipment('first'))
    await t.rejects(fleet.prepare(shipment('die')), { code: 'worker_failed' })
    await until(() => fleet.serving === 2, { what: 'the replacements' })
    t.equal(await heard('start first', 4), 4)
  },
)

t.test('a purge is heard by all before its end, and by those that begin later', async (t) => {
  const known: Purge[] = []
  const { fleet, said, heard, events } = fleetOf(t, { purges: () => known })
  await fleet.start(shipment('first'))
  const purge: Purge = { site: 'www', target: { kind: 'site' }, soft: false, at: 5 }
  known.push(purge)
  await fleet.tellPurges([purge])
  t.equal(await heard('purges www', 2), 2)
  process.kill(Number.parseInt(said[0]!, 10), 'SIGKILL')
  await until(() => events('worker-died').length === 1 && fleet.serving === 2, { what: 'the replacement' })
  t.equal(await heard('begins with www', 1), 1)
})

t.test('a purge does not miss who is about to serve', async (t) => {
  const { fleet, heard } = fleetOf(t)
  const started = fleet.start(shipment('slow'))
  await heard('is slow', 2)
  t.equal(fleet.serving, 0)
  await fleet.tellPurges([{ site: 'www', target: { kind: 'site' }, soft: false, at: 5 }])
  t.equal(await heard('purges www', 2), 2)
  await started
})

t.test('processes that end as soon as they start, or refuse their first configuration, fail the start', async (t) => {
  await t.rejects(fleetOf(t).fleet.start(shipment('die')), { code: 'worker_failed' })
  await t.rejects(fleetOf(t).fleet.start(shipment('refuse')), { code: 'address_in_use' })
})

t.test('one that does not answer any more is killed and replaced', async (t) => {
  const { fleet, events } = fleetOf(t, { patience: 3000 })
  await fleet.start(shipment('first'))
  const { commit } = await fleet.prepare(shipment('hang'))
  await commit()
  await until(() => events('worker-died').length >= 2, { what: 'both to be killed', timeout: 20_000 })
  t.match(events('worker-died')[0], { signal: 'SIGKILL' })
})

t.test('close waits until all have ended, those included that are starting', async (t) => {
  const { fleet } = fleetOf(t)
  const started = t.rejects(fleet.start(shipment('first')), { code: 'shutting_down' })
  await fleet.close(34_000)
  await started
  t.equal(fleet.serving, 0)
})
