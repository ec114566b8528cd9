import t from 'tap'
import type { Endpoint } from '../../src/config/snapshot.ts'
import { Board } from '../../src/health/board.ts'
import { Mirror } from '../../src/health/mirror.ts'
import type { HealthReport } from '../../src/health/report.ts'
import { makeEndpoint, makePolicy, OUTLIER } from '../steering/support/build.ts'
import { SteppedTimers } from './support/stepped-timers.ts'

const A = makeEndpoint('a')
const B = makeEndpoint('b')
const ORIGIN = { ...makeEndpoint('origin'), cdn: null }
const POLICY = makePolicy({ maxRequests: 8 })

function setUp(endpoints: readonly Endpoint[] = [A, B, ORIGIN], workers = 4) {
  const timers = new SteppedTimers(5_000)
  const told: HealthReport[][] = []
  const mirror = new Mirror({ timers, workers, report: (reports) => told.push(structuredClone([...reports])) })
  mirror.retain(endpoints)
  const texts = () =>
    told
      .splice(0)
      .map((reports) =>
        reports.map((report) => `${report.key} ${report.kind}${report.kind === 'succeeded' ? ` ${report.count}` : ''}`),
      )
  return { mirror, timers, texts, told }
}

/** A Board of another process: its clock is another one. */
function makeBoard(endpoints: readonly Endpoint[] = [A, B, ORIGIN]) {
  const clock = { now: 777_000 }
  const board = new Board({ now: () => clock.now, random: () => 0.5, onEvent: () => {} })
  board.retain(endpoints)
  return { board, clock }
}

t.test('successes are told as counts, four times a second at most', (t) => {
  const { mirror, timers, texts } = setUp()
  for (let request = 0; request < 50; request++) mirror.succeeded(A)
  mirror.succeeded(B)
  mirror.succeeded(ORIGIN)
  t.strictSame(texts(), [])
  timers.advance(249)
  t.strictSame(texts(), [])
  timers.advance(1)
  t.strictSame(texts(), [['a succeeded 50', 'b succeeded 1']])
  timers.advance(10_000)
  t.strictSame(texts(), [])
  t.equal(timers.waiting, 0, 'and no timer runs for nothing')
  mirror.succeeded(A)
  timers.advance(250)
  t.strictSame(texts(), [['a succeeded 1']])
  t.end()
})

t.test('a failure is told at once, after the successes before it', (t) => {
  const { mirror, timers, texts, told } = setUp()
  mirror.succeeded(A)
  mirror.succeeded(B)
  mirror.failed(A, OUTLIER)
  t.strictSame(told[0]![1], { kind: 'failed', key: 'a', settings: OUTLIER })
  t.strictSame(texts(), [['a succeeded 1', 'a failed']])
  mirror.failed(A, OUTLIER)
  mirror.failed(ORIGIN, OUTLIER)
  t.strictSame(texts(), [['a failed']])
  timers.advance(250)
  t.strictSame(texts(), [['b succeeded 1']])
  t.end()
})

t.test('it believes the Board, and lets its times run out by itself', (t) => {
  const { mirror, timers } = setUp()
  const { board } = makeBoard()
  for (let failure = 0; failure < 5; failure++) board.failed(A, OUTLIER)
  mirror.apply(JSON.parse(JSON.stringify(board.export())))
  t.equal(mirror.standing(A, POLICY), 'ejected')
  t.equal(mirror.standing(B, POLICY), 'healthy')
  t.equal(mirror.ramp(A, POLICY), 1)
  timers.advance(29_999)
  t.equal(mirror.standing(A, POLICY), 'ejected')
  timers.advance(1)
  t.equal(mirror.standing(A, POLICY), 'healthy')
  t.equal(mirror.ramp(A, POLICY), 0.1)
  timers.advance(5_000)
  t.equal(mirror.ramp(A, POLICY), 0.5)
  mirror.apply({ endpoints: [] })
  t.equal(mirror.ramp(A, POLICY), 1)
  t.end()
})

t.test('failures of an ejected endpoint are no news', (t) => {
  const { mirror, timers, texts } = setUp()
  const { board } = makeBoard()
  for (let failure = 0; failure < 5; failure++) board.failed(A, OUTLIER)
  mirror.apply(board.export())
  for (let failure = 0; failure < 100; failure++) mirror.failed(A, OUTLIER)
  t.strictSame(texts(), [])
  timers.advance(30_000)
  mirror.failed(A, OUTLIER)
  t.strictSame(texts(), [['a failed']])
  t.end()
})

t.test('the most recent success is its own or the Board’s', (t) => {
  const { mirror, timers } = setUp()
  const { board, clock } = makeBoard()
  t.equal(mirror.lastSuccess(A), Number.NEGATIVE_INFINITY)
  board.succeeded(A)
  clock.now += 400
  board.limited(A, 10)
  mirror.apply(board.export())
  t.equal(mirror.lastSuccess(A), 4_600)
  mirror.succeeded(A)
  t.equal(mirror.lastSuccess(A), 5_000)
  timers.advance(1_000)
  mirror.apply(board.export())
  t.equal(mirror.lastSuccess(A), 5_600)
  mirror.succeeded(ORIGIN)
  t.equal(mirror.lastSuccess(ORIGIN), 6_000)
  t.end()
})

t.test('each of several processes has its part of the breaker, at least one request', (t) => {
  const { mirror } = setUp()
  const first = mirror.begin(A)
  t.equal(mirror.standing(A, POLICY), 'healthy')
  mirror.begin(A)
  t.equal(mirror.standing(A, POLICY), 'circuit-open', 'two of eight')
  t.equal(mirror.standing(A, makePolicy({ maxRequests: 15 })), 'healthy', 'three of fifteen')
  first()
  first()
  t.equal(mirror.pending(A), 1)
  t.equal(mirror.standing(A, POLICY), 'healthy')
  t.equal(mirror.hasRoom(ORIGIN, 1), true)
  mirror.begin(ORIGIN)
  t.equal(mirror.hasRoom(ORIGIN, 7), false)
  t.equal(mirror.hasRoom(ORIGIN, 8), true)
  t.end()
})

t.test('Retry-After holds at once, and the Board does not take it back', (t) => {
  const { mirror, timers, told } = setUp()
  const { board } = makeBoard()
  mirror.limited(A, 1e9)
  mirror.limited(A, -1)
  t.strictSame(told, [[{ kind: 'limited', key: 'a', ms: 60_000 }]])
  mirror.apply(board.export())
  t.equal(mirror.standing(A, POLICY), 'over-capacity')
  board.receive(told[0]!)
  mirror.apply(board.export())
  timers.advance(59_999)
  t.equal(mirror.standing(A, POLICY), 'over-capacity')
  timers.advance(1)
  t.equal(mirror.standing(A, POLICY), 'healthy')
  t.end()
})

t.test('corrupt bytes are told at once', (t) => {
  const { mirror, texts, told } = setUp()
  const { board } = makeBoard()
  mirror.corrupt(A)
  mirror.corrupt(ORIGIN)
  board.receive(told.flat())
  t.strictSame(texts(), [['a corrupt']])
  mirror.apply(board.export())
  t.equal(mirror.standing(A, POLICY), 'corrupt')
  t.end()
})

t.test('latency is each process’s own', (t) => {
  const { mirror } = setUp()
  t.equal(mirror.p95(A), null)
  for (let request = 0; request < 30; request++) mirror.timed(A, 100)
  t.ok(mirror.p95(A)! >= 100)
  t.equal(mirror.p95(B), null)
  t.end()
})

t.test('endpoints come and go: what the Board said of a new one holds already, what waits is not lost', (t) => {
  const { mirror, timers, texts } = setUp([A])
  const { board } = makeBoard()
  for (let failure = 0; failure < 5; failure++) board.failed(B, OUTLIER)
  mirror.apply(board.export())
  timers.advance(10_000)
  const done = mirror.begin(A)
  mirror.succeeded(A)
  mirror.retain([{ ...A }, B])
  t.equal(mirror.standing(B, POLICY), 'ejected')
  timers.advance(20_000)
  t.equal(mirror.standing(B, POLICY), 'healthy', 'counted from when it was said')
  t.strictSame(texts(), [['a succeeded 1']])
  done()
  t.equal(mirror.pending(A), 0)
  mirror.succeeded(A)
  mirror.retain([B])
  timers.advance(1_000)
  t.strictSame(texts(), [], 'nobody wants to know')
  for (const report of [() => mirror.failed(A, OUTLIER), () => mirror.limited(A, 5), () => mirror.corrupt(A)]) report()
  mirror.succeeded(A)
  mirror.timed(A, 5)
  mirror.begin(A)()
  t.strictSame(texts(), [])
  t.strictSame(
    [mirror.standing(A, POLICY), mirror.ramp(A, POLICY), mirror.lastSuccess(A), mirror.p95(A), mirror.hasRoom(A, 1)],
    ['healthy', 1, Number.NEGATIVE_INFINITY, null, true],
  )
  t.end()
})

t.test('closing tells what is collected and leaves no timer', (t) => {
  const { mirror, timers, texts } = setUp()
  mirror.succeeded(A)
  mirror.close()
  mirror.close()
  t.strictSame(texts(), [['a succeeded 1']])
  t.equal(timers.waiting, 0)
  t.end()
})
