import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Ledger } from '../../src/costs/ledger.ts'
import { LedgerStore } from '../../src/costs/store.ts'
import { SteppedTimers } from '../health/support/stepped-timers.ts'
import { makeCdn } from '../steering/support/build.ts'

const NOW = Date.parse('2026-11-10T12:00:00Z')
const COMMIT = { kind: 'mbps' as const, amount: 1, pricePerMonth: 5, overage: 6, timezone: 'UTC' }
const CDNS = [makeCdn('a', { commit: COMMIT }), makeCdn('b')]

function setUp(folder: string, now = NOW) {
  const timers = new SteppedTimers()
  const problems: string[] = []
  const ledger = new Ledger()
  ledger.adopt(CDNS, now)
  const onProblem = (event: string) => problems.push(event)
  const store = new LedgerStore({ folder, ledger, timers, now: () => now, onProblem })
  const add = (cdn: string, bytes: number) => {
    const rest = { continent: 'EU', estimated: 1, requests: 1, overflow: 3, overflowCost: 0.5 }
    ledger.add([{ cdn, bytes, ...rest }], now)
  }
  return { ledger, store, timers, problems, add, path: join(folder, 'costs.json') }
}

async function kept(folder: string, now = NOW) {
  const { ledger, store, problems } = setUp(folder, now)
  await store.load()
  return { ledger, problems, bytes: ledger.statements(CDNS, now).map(({ bytes }) => bytes) }
}

t.test('books survive a restart, and become history with the next month', async (t) => {
  const folder = join(t.testdir(), 'made')
  const old = setUp(folder)
  await old.store.load()
  old.store.start()
  old.add('a', 1000)
  old.add('b', 7)
  await old.store.close()
  t.same(readdirSync(folder), ['costs.json'], 'nothing else is left')
  t.equal(statSync(old.path).mode & 0o077, 0)
  const next = await kept(folder)
  t.same([next.bytes, next.problems], [[1000, 7], []])
  t.same(next.ledger.export(), old.ledger.export(), 'every number')
  const december = await kept(folder, Date.parse('2026-12-01T00:00:01Z'))
  t.same(december.bytes, [0, 0])
  t.equal(december.ledger.export()[0]!.before.at(-1), 0)
  t.ok(december.ledger.export()[0]!.before.length > 2000)
})

t.test('while bytes come it is written every ten seconds, and else never', async (t) => {
  const folder = t.testdir()
  const { store, timers, add, path } = setUp(folder)
  store.start()
  timers.advance(60_000)
  t.equal(existsSync(path), false)
  add('b', 5)
  timers.advance(10_100)
  await store.close(false)
  t.same((await kept(folder)).bytes, [0, 5])
})

t.test('what is torn, foreign or damaged is said, and the rest is kept', async (t) => {
  const folder = t.testdir()
  const { store, add, path } = setUp(folder)
  add('a', 1000)
  add('b', 7)
  await store.close()
  const whole = readFileSync(path, 'utf8')
  const broken: readonly (readonly [text: string, bytes: readonly number[], event: string])[] = [
    [whole.slice(0, whole.length / 2), [0, 0], 'costs-state-unreadable'],
    ['', [0, 0], 'costs-state-unreadable'],
    ['null', [0, 0], 'costs-state-unreadable'],
    ['{"version":2,"cdns":[]}', [0, 0], 'costs-state-unreadable'],
    [whole.replace('"bytes":1000', '"bytes":-1'), [0, 7], 'costs-state-damaged'],
    [whole.replace('"cdn":"a"', '"cdn":7'), [0, 7], 'costs-state-damaged'],
    [whole.replace('"EU":1000', '"XX":1000'), [0, 7], 'costs-state-damaged'],
    [whole.replace(':8640"', ':1e9"'), [0, 7], 'costs-state-damaged'],
    [whole.replace('"samples":"', '"samples":"AAAA'), [0, 7], 'costs-state-damaged'],
    [whole.replace('{"cdn":"a"', 'null,{"cdn":"a"'), [1000, 7], 'costs-state-damaged'],
  ]
  for (const [text, bytes, event] of broken) {
    writeFileSync(path, text)
    const read = await kept(folder)
    t.same([read.bytes, read.problems], [bytes, [event]], JSON.stringify(text.slice(0, 40)))
  }
})

t.test('a folder that cannot be written to is told once', async (t) => {
  const folder = t.testdir({ taken: 'a file' })
  const { store, timers, problems, add } = setUp(join(folder, 'taken'))
  store.start()
  add('b', 1)
  timers.advance(10_100)
  await store.close()
  t.same(problems, ['costs-state-unwritable'])
  mkdirSync(join(folder, 'costs.json'))
  t.same((await kept(folder)).problems, ['costs-state-unreadable'], 'a folder is no file')
})
