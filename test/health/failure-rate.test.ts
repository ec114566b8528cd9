import t from 'tap'
import { FailureRate } from '../../src/health/failure-rate.ts'
import { seededRandom } from '../helpers/random.ts'

t.test('counts of an interval, to the second', (t) => {
  const rate = new FailureRate()
  t.strictSame(rate.recent(500, 10_000), { requests: 0, failures: 0 })
  rate.add(500, 3, 1)
  rate.add(1_500, 2, 2)
  t.strictSame(rate.recent(1_999, 10_000), { requests: 5, failures: 3 })
  t.strictSame(rate.recent(1_999, 1_000), { requests: 2, failures: 2 })
  t.strictSame(rate.recent(10_999, 10_000), { requests: 2, failures: 2 })
  t.strictSame(rate.recent(11_000, 10_000), { requests: 0, failures: 0 })
  t.strictSame(rate.recent(11_000, 60_000), { requests: 5, failures: 3 })
  t.end()
})

t.test('a long silence forgets everything, and so does clear', (t) => {
  const rate = new FailureRate()
  rate.add(-3_000, 9, 9)
  t.equal(rate.recent(-3_000, 1_000).requests, 9, 'clocks may start anywhere')
  t.equal(rate.recent(10_000_000, 60_000).requests, 0)
  rate.add(10_000_000, 9, 9)
  rate.clear()
  t.strictSame(rate.recent(10_000_000, 60_000), { requests: 0, failures: 0 })
  t.end()
})

t.test('a minute is the longest interval, and a clock that stutters does no harm', (t) => {
  const rate = new FailureRate()
  rate.add(1_000, 1, 0)
  rate.add(999, 1, 0)
  t.equal(rate.recent(59_000, 10_000_000).requests, 2)
  t.equal(rate.recent(61_000, 10_000_000).requests, 0)
  t.end()
})

t.test('against a list of everything that happened', (t) => {
  const random = seededRandom(5)
  const rate = new FailureRate()
  const all: { second: number; failed: number }[] = []
  let now = 0
  for (let request = 0; request < 5_000; request++) {
    now += random() < 0.01 ? random() * 40_000 : random() * 400
    const failed = random() < 0.3 ? 1 : 0
    rate.add(now, 1, failed)
    all.push({ second: Math.floor(now / 1000), failed })
    const seconds = 1 + Math.floor(random() * 60)
    const expected = all.filter(({ second }) => second > Math.floor(now / 1000) - seconds)
    const failures = expected.reduce((sum, { failed }) => sum + failed, 0)
    const found = rate.recent(now, seconds * 1000)
    if (found.requests !== expected.length || found.failures !== failures) t.strictSame(found, expected.length)
  }
  t.end()
})
