import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Board } from '../../src/health/board.ts'
import { BoardStore } from '../../src/health/store.ts'
import { until } from '../helpers/wait.ts'
import { makeEndpoint, OUTLIER } from '../steering/support/build.ts'
import { SteppedTimers } from './support/stepped-timers.ts'

const A = makeEndpoint('a')
const B = makeEndpoint('b')

function setUp(folder: string, over: { readonly age?: number } = {}) {
  const timers = new SteppedTimers()
  const problems: string[] = []
  const board = new Board({ now: () => timers.now(), random: () => 0.5, onEvent: () => {} })
  board.retain([A, B])
  const now = () => Date.now() + (over.age ?? 0)
  const store = new BoardStore({ folder, board, timers, now, onProblem: (event) => problems.push(event) })
  const eject = (endpoint = A) => {
    for (let failure = 0; failure < 5; failure++) board.failed(endpoint, OUTLIER)
  }
  return { board, store, timers, problems, eject, path: join(folder, 'health.json') }
}

t.test('what one process knew is a hint for the next', async (t) => {
  const folder = join(t.testdir(), 'made', 'as-needed')
  const old = setUp(folder)
  await old.store.load()
  old.store.start()
  old.eject()
  await old.store.close()
  t.strictSame(readdirSync(folder), ['health.json'], 'nothing else is left')
  t.equal(statSync(old.path).mode & 0o077, 0, 'for nobody else to read')

  const next = setUp(folder)
  await next.store.load()
  t.equal(next.board.state(A), 'ejected')
  t.equal(next.board.state(B), 'healthy')
  t.strictSame([old.problems, next.problems], [[], []])
})

t.test('the time between two processes has passed for ejections too', async (t) => {
  const folder = t.testdir()
  const old = setUp(folder)
  old.eject()
  await old.store.close()
  const soon = setUp(folder, { age: 10_000 })
  await soon.store.load()
  soon.timers.advance(19_000)
  t.equal(soon.board.state(A), 'ejected')
  soon.timers.advance(2_000)
  t.equal(soon.board.state(A), 'healthy')
  const late = setUp(folder, { age: 60_000 })
  await late.store.load()
  t.equal(late.board.state(A), 'healthy')
  t.equal(late.board.export().endpoints.length, 1, 'but its past is known')
  const stale = setUp(folder, { age: 600_000 })
  await stale.store.load()
  t.equal(stale.board.export().endpoints.length, 0)
  t.strictSame(stale.problems, [])
})

t.test('a clock that was set back makes no file younger than new', async (t) => {
  const folder = t.testdir()
  const old = setUp(folder)
  old.eject()
  await old.store.close()
  const next = setUp(folder, { age: -3_600_000 })
  await next.store.load()
  next.timers.advance(29_999)
  t.equal(next.board.state(A), 'ejected')
  next.timers.advance(1)
  t.equal(next.board.state(A), 'healthy')
})

t.test('written every ten seconds when something changed, and now and then when nothing did', async (t) => {
  const { store, timers, eject, path } = setUp(t.testdir())
  await store.load()
  store.start()
  timers.advance(100_000)
  t.notOk(existsSync(path), 'nothing changed')
  eject()
  timers.advance(9_999)
  t.notOk(existsSync(path))
  timers.advance(1)
  const written = () => (existsSync(path) ? readFileSync(path, 'utf8') : '')
  await until(() => written().includes('"a"'))
  utimesSync(path, 1, 1)
  timers.advance(290_000)
  t.equal(statSync(path).mtimeMs, 1_000)
  timers.advance(10_000)
  await until(() => statSync(path).mtimeMs > 1_000)
  await store.close()
  t.equal(timers.waiting, 0)
})

t.test('a whole file is in its place at any time', async (t) => {
  const { store, timers, board, path } = setUp(t.testdir())
  store.start()
  for (let round = 0; round < 30; round++) {
    board.limited(A, 60_000)
    timers.advance(10_000)
    if (existsSync(path)) t.equal(JSON.parse(readFileSync(path, 'utf8')).version, 1)
    await new Promise(setImmediate)
  }
  await store.close()
  t.equal(JSON.parse(readFileSync(path, 'utf8')).endpoints[0].key, 'a')
})

const GARBAGE: Readonly<Record<string, (path: string) => void>> = {
  'a torn file': (path) => writeFileSync(path, '{"version":1,"endpoints":[{"key":"a","unheal'),
  'an empty file': (path) => writeFileSync(path, ''),
  'bytes that are no text': (path) => writeFileSync(path, Buffer.from([0xff, 0xfe, 0, 1, 2])),
  'another version': (path) => writeFileSync(path, '{"version":2,"endpoints":[]}'),
  null: (path) => writeFileSync(path, 'null'),
  'something else': (path) => writeFileSync(path, '{"version":1,"endpoints":[{"key":1}]}'),
  'a folder': (path) => mkdirSync(path),
  'a pipe': (path) => execFileSync('mkfifo', [path]),
}

for (const [name, make] of Object.entries(GARBAGE)) {
  t.test(`${name} costs the hint and one line`, async (t) => {
    const { store, board, problems, path } = setUp(t.testdir())
    make(path)
    await store.load()
    t.strictSame(problems, ['health-state-unreadable'])
    t.strictSame(board.export(), { endpoints: [] })
  })
}

t.test('no file is no problem', async (t) => {
  const { store, problems } = setUp(join(t.testdir(), 'nowhere'))
  await store.load()
  t.strictSame(problems, [])
})

t.test('a folder that cannot be written to is told once, and tried again', async (t) => {
  const folder = join(t.testdir({ taken: 'a file' }), 'taken')
  const { store, timers, eject, problems } = setUp(folder)
  await store.load()
  store.start()
  eject()
  for (let round = 1; round <= 3; round++) {
    timers.advance(10_000)
    await until(() => problems.length > 0)
    await new Promise(setImmediate)
  }
  await store.close()
  await store.close()
  t.strictSame(problems, ['health-state-unreadable', 'health-state-unwritable'])
})

t.test('a process that never served leaves what another one wrote', async (t) => {
  const folder = t.testdir()
  const serving = setUp(folder)
  serving.eject()
  await serving.store.close()
  const written = readFileSync(serving.path, 'utf8')
  const failed = setUp(folder)
  failed.store.start()
  await failed.store.close(false)
  t.equal(readFileSync(serving.path, 'utf8'), written)
})
