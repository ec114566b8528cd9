import t from 'tap'
import { afterCheck, type CheckState, HINTED_UNHEALTHY, UNCHECKED } from '../../src/health/check-state.ts'

const THRESHOLDS = { healthyThreshold: 2, unhealthyThreshold: 3 }

/** `+` passed, `-` failed. */
function run(results: string, state: CheckState = UNCHECKED, thresholds = THRESHOLDS): string {
  return [...results].reduce((before, result) => afterCheck(before, result === '+', thresholds), state).verdict
}

t.test('the first success decides at once, failures have to agree', (t) => {
  t.equal(run(''), 'unknown')
  t.equal(run('+'), 'healthy')
  t.equal(run('--'), 'unknown')
  t.equal(run('--+'), 'healthy')
  t.equal(run('---'), 'unhealthy')
  t.end()
})

t.test('after that it takes so many in a row', (t) => {
  const rows: Readonly<Record<string, string>> = {
    '+-': 'healthy',
    '+--': 'healthy',
    '+---': 'unhealthy',
    '+--+--': 'healthy',
    '+--+---': 'unhealthy',
    '---+': 'unhealthy',
    '---++': 'healthy',
    '---+-+': 'unhealthy',
    '---+-++': 'healthy',
    '+---+': 'unhealthy',
    '+---++': 'healthy',
    '++++++---': 'unhealthy',
  }
  for (const [results, verdict] of Object.entries(rows)) t.equal(run(results), verdict, results)
  t.end()
})

t.test('thresholds of one follow every result', (t) => {
  const thresholds = { healthyThreshold: 1, unhealthyThreshold: 1 }
  for (const results of ['+-', '+-+', '-+-']) {
    t.equal(run(results, UNCHECKED, thresholds), results.endsWith('+') ? 'healthy' : 'unhealthy')
  }
  t.end()
})

t.test('what changes nothing makes no new state', (t) => {
  const healthy = afterCheck(UNCHECKED, true, THRESHOLDS)
  t.equal(afterCheck(healthy, true, THRESHOLDS), healthy)
  t.end()
})

t.test('a hint is believed until the next check says something else', (t) => {
  t.equal(run('', HINTED_UNHEALTHY), 'unhealthy')
  t.equal(run('+', HINTED_UNHEALTHY), 'healthy')
  t.equal(run('-', HINTED_UNHEALTHY), 'unhealthy')
  t.equal(run('-+', HINTED_UNHEALTHY), 'unhealthy', 'and confirmed it is a hint no more')
  t.equal(run('+', HINTED_UNHEALTHY, { healthyThreshold: 100, unhealthyThreshold: 1 }), 'healthy')
  t.end()
})
