import t from 'tap'
import { Throttle } from '../../src/observe/throttle.ts'

t.test('one an interval, and the others are counted', async (t) => {
  const throttle = new Throttle()
  t.equal(throttle.admit('a', 1000, 0), 0)
  t.equal(throttle.admit('a', 1000, 1), null)
  t.equal(throttle.admit('a', 1000, 999), null)
  t.equal(throttle.admit('b', 1000, 999), 0, 'kinds are apart')
  t.equal(throttle.admit('a', 1000, 1000), 2)
  t.equal(throttle.admit('a', 1000, 1500), null)
  t.equal(throttle.admit('a', 1000, 2000), 1)
  t.equal(throttle.admit('a', 1000, 9000), 0)
})

t.test('a clock that is set back silences nothing', async (t) => {
  const throttle = new Throttle()
  throttle.admit('a', 1000, 1_000_000)
  t.equal(throttle.admit('a', 1000, 5000), 0)
  t.equal(throttle.admit('a', 1000, 5001), null)
})

t.test('keys are bounded: beyond 100 they share an interval', async (t) => {
  const throttle = new Throttle()
  let admitted = 0
  for (let i = 0; i < 10_000; i++) if (throttle.admit(`host-${i}`, 1000, 0) !== null) admitted++
  t.equal(admitted, 101)
  t.equal(throttle.admit('host-50000', 1000, 1000), 9899)
})
