import t from 'tap'
import type { Endpoint, HealthCheck } from '../../src/config/snapshot.ts'
import { Board } from '../../src/health/board.ts'
import { makeEndpoint, makePolicy, OUTLIER } from '../steering/support/build.ts'

const CHECK: HealthCheck = {
  path: '/health',
  interval: 10_000,
  timeout: 5000,
  healthyThreshold: 2,
  unhealthyThreshold: 3,
  expectedStatus: [200],
  expectedSha256: null,
}
const POLICY = makePolicy({ maxRequests: 3, slowStart: 10_000 })

const A = makeEndpoint('a', { healthCheck: CHECK })
const B = makeEndpoint('b')
const ORIGIN = { ...makeEndpoint('origin'), cdn: null }

function setUp(endpoints: readonly Endpoint[] = [A, B, ORIGIN]) {
  const clock = { now: 1_000_000, changes: 0 }
  const events: string[] = []
  const board = new Board({
    now: () => clock.now,
    random: () => 0.5,
    onEvent: (event, { cdnName }) => events.push(`${cdnName} ${event}`),
    onChange: () => clock.changes++,
  })
  board.retain(endpoints)
  const fail = (endpoint: Endpoint, times = 5) => {
    for (let i = 0; i < times; i++) board.failed(endpoint, OUTLIER)
  }
  const check = (endpoint: Endpoint, results: string) => {
    for (const result of results) board.checked(endpoint, result === '+', CHECK)
  }
  return { board, clock, events, fail, check }
}

t.test('five failures in a row eject, for a while', (t) => {
  const { board, clock, events, fail } = setUp()
  fail(B, 4)
  board.succeeded(B)
  fail(B, 4)
  t.equal(board.state(B), 'healthy')
  fail(B, 1)
  t.equal(board.state(B), 'ejected')
  t.equal(board.state(A), 'healthy')
  clock.now += 29_999
  t.equal(board.state(B), 'ejected')
  clock.now += 1
  t.equal(board.state(B), 'healthy')
  t.strictSame(events, ['b endpoint-ejected'])
  t.end()
})

t.test('an ejection is told once, however much fails after it', (t) => {
  const { clock, events, fail } = setUp()
  fail(B, 50)
  t.equal(events.length, 1)
  clock.now += 30_000
  fail(B, 5)
  t.equal(events.length, 2)
  t.end()
})

t.test('the origin is never ejected: there is nothing behind it', (t) => {
  const { board, events, fail } = setUp()
  fail(ORIGIN, 50)
  board.succeeded(ORIGIN)
  t.equal(board.state(ORIGIN), 'healthy')
  t.strictSame(events, [])
  t.end()
})

t.test('checks decide by their thresholds, and both changes are told', (t) => {
  const { board, events, check } = setUp()
  check(A, '+--')
  t.equal(board.state(A), 'healthy')
  check(A, '-')
  t.equal(board.state(A), 'unhealthy')
  check(A, '+')
  t.equal(board.state(A), 'unhealthy')
  check(A, '+')
  t.equal(board.state(A), 'healthy')
  t.strictSame(events, ['a endpoint-unhealthy', 'a endpoint-healthy'])
  t.end()
})

t.test('the first good check decides, failures have to agree, and being well from the start is no news', (t) => {
  const well = setUp()
  well.check(A, '+')
  t.strictSame(well.events, [])
  const ill = setUp()
  ill.check(A, '---')
  t.equal(ill.board.state(A), 'unhealthy')
  t.strictSame(ill.events, ['a endpoint-unhealthy'])
  t.end()
})

t.test('unhealthy outranks ejected', (t) => {
  const { board, fail, check } = setUp()
  fail(A)
  check(A, '---')
  t.equal(board.state(A), 'unhealthy')
  t.end()
})

t.test('a check that passes ends an ejection', (t) => {
  const { board, events, fail, check } = setUp()
  check(A, '+')
  fail(A)
  check(A, '-')
  t.equal(board.state(A), 'ejected')
  check(A, '+')
  t.equal(board.state(A), 'healthy')
  t.strictSame(events, ['a endpoint-ejected', 'a endpoint-returned'])
  t.end()
})

t.test('but not while the checks as a whole say unhealthy', (t) => {
  const { board, events, fail, check } = setUp()
  fail(A)
  check(A, '---+')
  t.equal(board.state(A), 'unhealthy')
  check(A, '+')
  t.equal(board.state(A), 'healthy')
  t.strictSame(events, ['a endpoint-ejected', 'a endpoint-unhealthy', 'a endpoint-healthy', 'a endpoint-returned'])
  t.end()
})

t.test('a reload keeps what is known of endpoints with an equal key, and forgets the others', (t) => {
  const { board, fail, check } = setUp()
  fail(B)
  check(A, '---')
  board.retain([{ ...A }, { ...B }])
  t.equal(board.state(A), 'unhealthy')
  t.equal(board.state({ ...B }), 'ejected')
  board.retain([A])
  t.equal(board.state(B), 'healthy')
  board.retain([A, B])
  t.equal(board.state(B), 'healthy', 'a stranger when it comes back')
  t.end()
})

t.test('an endpoint whose check is taken away is not held to its last result', (t) => {
  const { board, fail, check } = setUp()
  check(A, '---')
  const unchecked = makeEndpoint('a')
  board.retain([unchecked])
  t.equal(board.state(unchecked), 'healthy')
  fail(unchecked)
  board.retain([A])
  t.equal(board.state(A), 'ejected', 'what requests met is kept')
  t.end()
})

t.test('an endpoint that it does not know is healthy, and reports of it are dropped', (t) => {
  const { board, events, fail, check } = setUp([])
  fail(B)
  check(A, '---')
  board.succeeded(B)
  t.strictSame(
    [board.state(A), board.state(B), events.length, [...board.states()].length],
    ['healthy', 'healthy', 0, 0],
  )
  t.end()
})

t.test('all states, each endpoint as the newest snapshot has it', (t) => {
  const { board, fail, check } = setUp()
  fail(B)
  check(A, '---')
  const again = { ...A }
  board.retain([again, B, ORIGIN])
  const states = [...board.states()]
  t.strictSame(
    states.map(({ endpoint, state }) => [endpoint.key, state]),
    [
      ['a', 'unhealthy'],
      ['b', 'ejected'],
      ['origin', 'healthy'],
    ],
  )
  t.equal(states[0]!.endpoint, again)
  t.end()
})

t.test('half of the requests failing ejects, though no five in a row do', (t) => {
  const { board, clock, fail } = setUp()
  for (let pair = 0; pair < 9; pair++) {
    board.succeeded(B)
    fail(B, 1)
    clock.now += 500
  }
  board.succeeded(B)
  t.equal(board.state(B), 'healthy', '9 of 19')
  fail(B, 1)
  t.equal(board.state(B), 'ejected', '10 of 20')
  t.end()
})

t.test('the rate looks back no further than its interval, and starts again after an ejection', (t) => {
  const { board, clock, events, fail } = setUp()
  const pairs = (count: number) => {
    for (let pair = 0; pair < count; pair++) {
      board.succeeded(B)
      fail(B, 1)
    }
  }
  pairs(9)
  clock.now += 10_000
  pairs(9)
  t.strictSame(events, [])
  pairs(1)
  t.strictSame(events, ['b endpoint-ejected'])
  clock.now += 31_000
  pairs(9)
  t.equal(events.length, 1)
  t.end()
})

t.test('what led to an ejection does not lead to the next one', (t) => {
  const { board, events, check } = setUp()
  const settings = { ...OUTLIER, consecutiveFailures: 1000 }
  board.receive([{ kind: 'succeeded', key: 'a', count: 10 }])
  for (let failure = 0; failure < 10; failure++) board.failed(A, settings)
  check(A, '+')
  board.failed(A, settings)
  t.strictSame(events, ['a endpoint-ejected', 'a endpoint-returned'])
  t.end()
})

t.test('successes count, so that few failures among many eject nobody', (t) => {
  const { board, fail, events } = setUp()
  board.receive([{ kind: 'succeeded', key: 'b', count: 1000 }])
  for (let failure = 0; failure < 30; failure++) {
    fail(B, 1)
    board.receive([{ kind: 'succeeded', key: 'b', count: 1 }])
  }
  t.strictSame(events, [])
  t.end()
})

t.test('the breaker: so many requests may wait, and each says once that it does no longer', (t) => {
  const { board } = setUp()
  const waiting = [board.begin(A), board.begin(A), board.begin(A)]
  t.equal(board.standing(A, POLICY), 'circuit-open')
  t.equal(board.standing(A, makePolicy({ maxRequests: 4 })), 'healthy', 'limits are the policy’s')
  t.equal(board.standing(B, POLICY), 'healthy')
  t.equal(board.pending(A), 3)
  t.strictSame([board.hasRoom(A, 3), board.hasRoom(A, 4), board.hasRoom(ORIGIN, 1)], [false, true, true])
  waiting[0]!()
  waiting[0]!()
  t.equal(board.pending(A), 2)
  t.equal(board.standing(A, POLICY), 'healthy')
  board.retain([{ ...A }])
  waiting[1]!()
  t.equal(board.pending(A), 1, 'a reload does not lose count')
  board.retain([])
  board.retain([A])
  waiting[2]!()
  t.equal(board.pending(A), 0, 'nor count what began before the endpoint was new')
  t.end()
})

t.test('an endpoint that asks to be left alone is, for a minute at most', (t) => {
  const { board, clock, events, fail } = setUp()
  board.limited(A, 5_000)
  board.limited(A, 1_000)
  t.equal(board.standing(A, POLICY), 'over-capacity')
  t.equal(board.state(A), 'healthy', 'that is no illness')
  clock.now += 4_999
  t.equal(board.standing(A, POLICY), 'over-capacity')
  clock.now += 1
  t.equal(board.standing(A, POLICY), 'healthy')
  t.equal(board.ramp(A, POLICY), 1, 'nor is it a return')
  for (const ms of [0, -1, Number.NaN]) board.limited(A, ms)
  t.equal(board.standing(A, POLICY), 'healthy')
  board.limited(A, Number.POSITIVE_INFINITY)
  clock.now += 60_000
  t.equal(board.standing(A, POLICY), 'healthy')
  fail(B)
  board.limited(B, 1_000)
  t.equal(board.standing(B, POLICY), 'over-capacity', 'busy comes before ejected')
  for (let request = 0; request < 3; request++) board.begin(B)
  t.equal(board.standing(B, POLICY), 'circuit-open')
  t.strictSame(events, ['b endpoint-ejected'])
  t.end()
})

t.test('corrupt: out for six hours, whatever checks and successes say', (t) => {
  const { board, clock, events, check } = setUp()
  board.corrupt(A)
  board.corrupt(A)
  board.corrupt(ORIGIN)
  board.succeeded(A)
  check(A, '---++')
  t.equal(board.standing(A, POLICY), 'corrupt')
  t.equal(board.state(A), 'corrupt')
  clock.now += 6 * 3_600_000 - 1
  t.equal(board.state(A), 'corrupt')
  clock.now += 1
  t.equal(board.state(A), 'healthy')
  t.equal(board.state(ORIGIN), 'healthy')
  t.strictSame(events, ['a endpoint-corrupt', 'a endpoint-unhealthy', 'a endpoint-healthy'])
  t.end()
})

t.test('slow start after an ejection, however it ended, and after an unhealthy verdict', (t) => {
  const { board, clock, fail, check } = setUp()
  t.equal(board.ramp(A, POLICY), 1, 'not after a start')
  fail(B)
  t.equal(board.ramp(B, POLICY), 1, 'nor while it is out: the last one of a policy may be asked')
  clock.now += 30_000
  t.equal(board.ramp(B, POLICY), 0.1)
  clock.now += 5_000
  t.equal(board.ramp(B, POLICY), 0.5)
  t.equal(board.ramp(B, makePolicy({ slowStart: 0 })), 1)
  clock.now += 5_000
  t.equal(board.ramp(B, POLICY), 1)
  check(A, '---++')
  clock.now += 2_500
  t.equal(board.ramp(A, POLICY), 0.25)
  clock.now += 60_000
  fail(A)
  check(A, '+')
  clock.now += 4_000
  t.equal(board.ramp(A, POLICY), 0.4)
  t.end()
})

t.test('latency and the last success', (t) => {
  const { board, clock, check } = setUp()
  t.equal(board.p95(A), null)
  for (let request = 0; request < 100; request++) board.timed(A, request < 94 ? 10 : 400)
  const p95 = board.p95(A)!
  t.ok(p95 >= 400 && p95 < 460, `${p95}`)
  t.equal(board.lastSuccess(A), Number.NEGATIVE_INFINITY)
  board.succeeded(ORIGIN)
  check(A, '+-')
  t.equal(board.lastSuccess(A), clock.now)
  t.equal(board.lastSuccess(ORIGIN), clock.now)
  t.end()
})

t.test('what another process knew is a hint: times go on, and one check refutes it', (t) => {
  const old = setUp([A, B, ORIGIN])
  old.fail(B)
  old.check(A, '---')
  old.board.limited(A, 50_000)
  old.board.succeeded(B)
  old.clock.now += 10_000
  const exported = JSON.parse(JSON.stringify(old.board.export()))
  t.equal(exported.endpoints.length, 2, 'of the others there is nothing to tell')

  const fresh = setUp([A, B, ORIGIN])
  fresh.clock.now = 5
  const { version } = fresh.board
  fresh.board.import(exported, 4_000)
  t.ok(fresh.board.version > version)
  t.equal(fresh.board.state(A), 'unhealthy')
  t.equal(fresh.board.state(B), 'ejected')
  t.equal(fresh.board.lastSuccess(B), 5 - 14_000)
  fresh.check(A, '+')
  t.equal(fresh.board.state(A), 'healthy')
  t.equal(fresh.board.standing(A, POLICY), 'over-capacity')
  fresh.clock.now += 15_999
  t.equal(fresh.board.state(B), 'ejected', '30 s, of which 14 had passed')
  fresh.clock.now += 1
  t.equal(fresh.board.state(B), 'healthy')
  t.equal(fresh.board.ramp(B, POLICY), 0.1)
  fresh.fail(B)
  t.equal(fresh.board.export().endpoints.find(({ key }) => key === 'b')!.ejections, 2, 'its past counts')
  t.strictSame(fresh.events, ['a endpoint-healthy', 'b endpoint-ejected'])
  t.end()
})

t.test('a hint says nothing of endpoints that are known, unknown, or not checked any more', (t) => {
  const { board, check } = setUp([A, B])
  check(A, '+')
  const state = (key: string) => ({
    key,
    unhealthy: true,
    ejections: 1,
    recoveredAt: null,
    ejectedUntil: null,
    corruptUntil: null,
    heldUntil: 90_000_000,
    lastSuccess: null,
  })
  board.import({ endpoints: ['a', 'b', 'gone'].map(state) })
  t.equal(board.state(A), 'healthy', 'it was checked')
  t.equal(board.state(B), 'healthy', 'nothing could ever find it well')
  const held = board.export().endpoints.find(({ key }) => key === 'b')!.heldUntil
  t.equal(held, 60_000)
  t.end()
})

t.test('changes are told, and what changes nothing for others is not', (t) => {
  const { board, clock, fail, check } = setUp()
  const changes = (act: () => void) => {
    const before = { version: board.version, changes: clock.changes }
    act()
    t.equal(board.version - before.version, clock.changes - before.changes)
    return clock.changes - before.changes
  }
  t.equal(
    changes(() => board.succeeded(B)),
    0,
  )
  t.equal(
    changes(() => fail(B, 4)),
    0,
  )
  t.equal(
    changes(() => fail(B, 1)),
    1,
  )
  t.equal(
    changes(() => fail(B, 9)),
    0,
  )
  t.equal(
    changes(() => check(A, '++-')),
    0,
  )
  t.equal(
    changes(() => check(A, '--')),
    1,
  )
  t.equal(
    changes(() => board.limited(A, 10)),
    1,
  )
  t.equal(
    changes(() => board.retain([A])),
    1,
  )
  t.end()
})

t.test('reports of other processes, in their order, and of nobody', (t) => {
  const { board, events } = setUp()
  const failed = { kind: 'failed', key: 'b', settings: OUTLIER } as const
  board.receive([failed, failed, failed, failed, { kind: 'succeeded', key: 'b', count: 3 }, failed])
  t.equal(board.state(B), 'healthy')
  board.receive([failed, failed, failed, failed, { kind: 'limited', key: 'a', ms: 900 }, { kind: 'corrupt', key: 'a' }])
  t.strictSame(events, ['b endpoint-ejected', 'a endpoint-corrupt'])
  board.receive([
    { kind: 'succeeded', key: 'gone', count: 1 },
    { kind: 'failed', key: 'gone', settings: OUTLIER },
    { kind: 'limited', key: 'gone', ms: 5 },
    { kind: 'corrupt', key: 'gone' },
  ])
  const gone = makeEndpoint('gone')
  board.begin(gone)()
  board.timed(gone, 1)
  t.strictSame(
    [
      board.standing(gone, POLICY),
      board.ramp(gone, POLICY),
      board.p95(gone),
      board.pending(gone),
      board.hasRoom(gone, 1),
    ],
    ['healthy', 1, null, 0, true],
  )
  t.end()
})
