import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Purge } from '../../src/cache/purges.ts'
import type { Snapshot } from '../../src/config/snapshot.ts'
import { PurgeKeeper } from '../../src/gateway/purge-keeper.ts'
import { Log } from '../../src/observe/log.ts'

function setUp(stateDir: string | null) {
  const events: string[] = []
  const told: (readonly Purge[])[] = []
  const log = new Log({ sink: { write: (line) => events.push(JSON.parse(line).event) }, now: Date.now })
  let heard = Promise.resolve()
  const keeper = new PurgeKeeper({
    log,
    now: () => 50,
    onChange: (purges) => {
      told.push(purges)
      return heard
    },
  })
  const snapshot = { stateDir, sites: [{ name: 'www' }, { name: 'other' }] } as unknown as Snapshot
  const hear = (promise: Promise<void>) => {
    heard = promise
  }
  return { keeper, snapshot, events, told, hear }
}

const purge = (value: string, at: number, soft = false): Purge => ({
  site: 'www',
  target: { kind: 'url', value },
  soft,
  at,
})
const head = (url: string, confirmedAt: number, site = 'www') =>
  ({ site, key: 'k', url, tags: [], confirmedAt }) as never

t.test('what was purged is purged after a restart', async (t) => {
  const folder = join(t.testdir(), 'made', 'as-needed')
  const first = setUp(folder)
  await first.keeper.recall(first.snapshot)
  t.equal(await first.keeper.add([purge('a', 5), purge('b', 7, true)]), true)
  t.equal(await first.keeper.add([purge('c', 9)]), true)
  const path = join(folder, 'purges.json')
  t.equal(statSync(path).mode & 0o077, 0, 'for nobody else to read')

  const next = setUp(folder)
  await next.keeper.recall(next.snapshot)
  const { purges } = next.keeper
  t.equal(purges.check(head('a', 5)), 'hard')
  t.equal(purges.check(head('a', 6)), 'no')
  t.same(purges.check(head('b', 7)), { staleSince: 7 })
  t.equal(purges.check(head('c', 9)), 'hard')
  t.same(next.keeper.all, first.keeper.all)
  t.same(next.events, [])
})

t.test('after a damaged file nothing counts that was stored before', async (t) => {
  const folder = t.testdir()
  const path = join(folder, 'purges.json')
  const good = { version: 1, purges: [purge('a', 5)] }
  const odd = [{ ...purge('a', 5), at: 'x' }, { ...purge('a', 5), target: { kind: 'host', value: 'x' } }, null]
  const texts = [
    JSON.stringify(good).slice(0, -9),
    '',
    'null',
    JSON.stringify({ ...good, version: 2 }),
    ...odd.map((one) => JSON.stringify({ version: 1, purges: [one] })),
  ]
  for (const text of texts) {
    writeFileSync(path, text)
    const { keeper, snapshot, events } = setUp(folder)
    await keeper.recall(snapshot)
    t.same(events, ['purge-state-unreadable'], text)
    for (const site of ['www', 'other']) t.equal(keeper.purges.check(head('x', 50, site)), 'hard')
    t.equal(keeper.purges.check(head('x', 51)), 'no')
  }
})

t.test('who is answered finds it in force everywhere, and on disk', async (t) => {
  const folder = t.testdir()
  const { keeper, snapshot, told, hear } = setUp(folder)
  await keeper.recall(snapshot)
  const heard = Promise.withResolvers<void>()
  hear(heard.promise)
  let answered = false
  const added = keeper.add([purge('a', 5)]).then(() => {
    answered = true
  })
  t.equal(keeper.purges.check(head('a', 5)), 'hard', 'here at once')
  await new Promise(setImmediate)
  t.same(told, [[purge('a', 5)]])
  t.equal(answered, false)
  heard.resolve()
  await added
  t.match(readFileSync(join(folder, 'purges.json'), 'utf8'), '"a"')
})

t.test('a folder that cannot be written to costs what a restart would need, and a line in the log', async (t) => {
  const none = setUp(null)
  await none.keeper.recall(none.snapshot)
  t.equal(await none.keeper.add([purge('a', 5)]), false)
  t.same(none.events, [])
  const folder = t.testdir()
  mkdirSync(join(folder, 'purges.json'))
  const { keeper, snapshot, events } = setUp(folder)
  await keeper.recall(snapshot)
  t.equal(await keeper.add([purge('a', 5)]), false)
  t.equal(keeper.purges.check(head('a', 5)), 'hard')
  t.same(events, ['purge-state-unreadable', 'purge-state-unwritable'])
})
