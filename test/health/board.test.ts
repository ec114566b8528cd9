import t from 'tap'
import type { Endpoint, HealthCheck } from '../../src/config/snapshot.ts'
import { Board } from '../../src/health/board.ts'
import { makeEndpoint } from '../steering/support/build.ts'

const CHECK: HealthCheck = {
  path: '/health',
  interval: 10_000,
  timeout: 5000,
  healthyThreshold: 2,
  unhealthyThreshold: 3,
  expectedStatus: [200],
}
const OUTLIER = { consecutiveFailures: 5, baseEjection: 30_000, maxEjection: 300_000 }

const A = makeEndpoint('a', { healthCheck: CHECK })
const B = makeEndpoint('b')
const ORIGIN = { ...makeEndpoint('origin'), cdn: null }

function setUp(endpoints: readonly Endpoint[] = [A, B, ORIGIN]) {
  const clock = { now: 1_000_000 }
  const events: string[] = []
  const board = new Board({
    now: () => clock.now,
    random: () => 0.5,
    onEvent: (event, { cdnName }) => events.push(`${cdnName} ${event}`),
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

t.test('the first check of all decides, and being well from the start is no news', (t) => {
  const well = setUp()
  well.check(A, '+')
  t.strictSame(well.events, [])
  const ill = setUp()
  ill.check(A, '-')
  t.equal(ill.board.state(A), 'unhealthy')
  t.strictSame(ill.events, ['a endpoint-unhealthy'])
  t.end()
})

t.test('unhealthy outranks ejected', (t) => {
  const { board, fail, check } = setUp()
  fail(A)
  check(A, '-')
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
  check(A, '-+')
  t.equal(board.state(A), 'unhealthy')
  check(A, '+')
  t.equal(board.state(A), 'healthy')
  t.strictSame(events, ['a endpoint-ejected', 'a endpoint-unhealthy', 'a endpoint-healthy', 'a endpoint-returned'])
  t.end()
})

t.test('a reload keeps what is known of endpoints with an equal key, and forgets the others', (t) => {
  const { board, fail, check } = setUp()
  fail(B)
  check(A, '-')
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
  check(A, '-')
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
  check(A, '-')
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
  check(A, '-')
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
