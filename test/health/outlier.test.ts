import t from 'tap'
import {
  afterCorruption,
  afterFailure,
  afterReturn,
  afterSuccess,
  INNOCENT,
  isEjected,
  type OutlierState,
} from '../../src/health/outlier.ts'
import { OUTLIER } from '../steering/support/build.ts'

const SETTINGS = { ...OUTLIER, failurePercent: 0, maxEjection: 100_000 }
const NOBODY = { requests: 0, failures: 0 }
/** In the middle of the jitter. */
const MIDDLE = 0.5

function fail(state: OutlierState, now: number, times = 1, random = MIDDLE): OutlierState {
  let next = state
  for (let i = 0; i < times; i++) next = afterFailure(next, { settings: SETTINGS, now, random, recent: NOBODY })
  return next
}

t.test('the fifth failure in a row ejects, the fourth does not', (t) => {
  const four = fail(INNOCENT, 1000, 4)
  t.notOk(isEjected(four, 1000))
  const five = fail(four, 1000)
  t.ok(isEjected(five, 1000))
  t.ok(isEjected(five, 30_999))
  t.notOk(isEjected(five, 31_000))
  t.end()
})

t.test('a success between them starts the count again', (t) => {
  const state = fail(afterSuccess(fail(INNOCENT, 1000, 4)), 1000, 4)
  t.notOk(isEjected(state, 1000))
  t.ok(isEjected(fail(state, 1000), 1000))
  t.equal(afterSuccess(INNOCENT), INNOCENT)
  t.end()
})

t.test('one failure is enough where the policy says so', (t) => {
  const settings = { ...SETTINGS, consecutiveFailures: 1 }
  t.ok(isEjected(afterFailure(INNOCENT, { settings, now: 0, random: MIDDLE, recent: NOBODY }), 1))
  t.end()
})

t.test('each ejection in a row is longer, up to the longest', (t) => {
  const lengths: number[] = []
  let now = 1000
  let state = INNOCENT
  for (let ejection = 0; ejection < 6; ejection++) {
    state = fail(state, now, 5)
    lengths.push(state.ejectedUntil - now)
    now = state.ejectedUntil
  }
  t.strictSame(lengths, [30_000, 60_000, 90_000, 100_000, 100_000, 100_000])
  t.end()
})

t.test('the jitter is ten per cent to either side', (t) => {
  t.equal(fail(INNOCENT, 0, 5, 0).ejectedUntil, 27_000)
  t.equal(Math.round(fail(INNOCENT, 0, 5, 1 - 2 ** -53).ejectedUntil), 33_000)
  t.end()
})

t.test('failures while it is ejected change nothing', (t) => {
  const ejected = fail(INNOCENT, 1000, 5)
  t.equal(fail(ejected, 5000, 100), ejected)
  t.notOk(isEjected(fail(fail(ejected, 5000, 100), 31_000, 4), 31_000), 'nor are they counted')
  t.end()
})

t.test('its past is forgiven after it has behaved for as long as the longest ejection', (t) => {
  const ejected = fail(INNOCENT, 1000, 5)
  const end = ejected.ejectedUntil
  const soon = fail(ejected, end + 100_000, 5)
  t.equal(soon.ejectedUntil - (end + 100_000), 60_000)
  const late = fail(ejected, end + 100_001, 5)
  t.equal(late.ejectedUntil - (end + 100_001), 30_000)
  t.equal(late.ejections, 1)
  t.end()
})

t.test('a success keeps the number of ejections', (t) => {
  const state = afterSuccess(fail(fail(INNOCENT, 1000, 5), 31_000, 2))
  t.strictSame([state.consecutive, state.ejections], [0, 1])
  t.end()
})

t.test('a return ends it now and keeps the number of ejections', (t) => {
  const back = afterReturn(fail(INNOCENT, 1000, 5), 2000)
  t.notOk(isEjected(back, 2000))
  t.equal(fail(back, 3000, 5).ejectedUntil, 63_000)
  const over = fail(INNOCENT, 1000, 5)
  t.equal(afterReturn(over, 99_000).ejectedUntil, over.ejectedUntil, 'one that is over stays over')
  t.end()
})

t.test('the rate ejects too: so many of enough requests', (t) => {
  const rows: readonly (readonly [requests: number, failures: number, percent: number, ejects: boolean])[] = [
    [20, 10, 50, true],
    [20, 9, 50, false],
    [19, 19, 50, false],
    [1000, 499, 50, false],
    [1000, 500, 50, true],
    [20, 20, 100, true],
    [20, 19, 100, false],
    [20, 20, 0, false],
    [200, 1, 0.5, true],
  ]
  for (const [requests, failures, failurePercent, ejects] of rows) {
    const settings = { ...OUTLIER, consecutiveFailures: 1000, failurePercent }
    const state = afterFailure(INNOCENT, { settings, now: 0, random: MIDDLE, recent: { requests, failures } })
    t.equal(isEjected(state, 1), ejects, `${failures} of ${requests} at ${failurePercent} %`)
    t.equal(state.ejections, ejects ? 1 : 0)
  }
  t.end()
})

t.test('corruption keeps out for six hours, and neither a return nor a success ends it', (t) => {
  const corrupt = afterCorruption(fail(INNOCENT, 1000, 5), 2000)
  t.equal(corrupt.corruptUntil, 2000 + 6 * 3_600_000)
  t.equal(afterReturn(corrupt, 3000).corruptUntil, corrupt.corruptUntil)
  t.equal(afterSuccess(corrupt).corruptUntil, corrupt.corruptUntil)
  t.equal(fail(afterReturn(corrupt, 3000), 4000, 5).corruptUntil, corrupt.corruptUntil)
  t.end()
})
