import t from 'tap'
import { PeakEwma } from '../../src/health/ewma.ts'
import { seededRandom } from '../helpers/random.ts'

function near(t: { ok(value: boolean, message: string): unknown }, found: number | null, expected: number, by = 0.01) {
  t.ok(found !== null && Math.abs(found - expected) <= by * expected, `${found} is about ${expected}`)
}

/** One sample every `pace` ms, from `now` on; returns when it ended. */
function feed(average: PeakEwma, samples: readonly number[], now = 0, pace = 50): number {
  for (const [at, ms] of samples.entries()) average.add(ms, now + at * pace)
  return now + (samples.length - 1) * pace
}

const many = (ms: number, count = 200) => Array.from({ length: count }, () => ms)

t.test('nothing is known before the first sample, which is believed', (t) => {
  const average = new PeakEwma()
  t.equal(average.read(5), null)
  for (const odd of [Number.NaN, -1, Number.POSITIVE_INFINITY]) average.add(odd, 5)
  t.equal(average.read(5), null)
  average.add(40, 7)
  t.strictSame(average.read(9), { now: 40, usual: 40, age: 2 })
  t.end()
})

t.test('three slow answers in a row raise the value at once, hardly the mean, and fade to 37 % in 10 s', (t) => {
  const average = new PeakEwma()
  const now = feed(average, many(20))
  feed(average, [520, 700, 520], now, 0)
  t.equal(average.read(now)!.now, 520)
  t.ok(average.read(0)!.usual < 22, `${average.read(0)!.usual}`)
  const fades = average.read(0)!.usual + (520 - average.read(0)!.usual) / Math.E
  near(t, average.read(now + 10_000)!.now, fades)
  feed(average, many(20), now + 50)
  near(t, average.read(now + 10_000)!.now, 20 + 500 / Math.E, 0.02)
  near(t, average.read(now + 120_000)!.now, 20, 0.02)
  t.end()
})

t.test('one or two slow answers among others are no peak', (t) => {
  const average = new PeakEwma()
  const now = feed(average, [...many(20), 900, 800, 20, 900, 20, 20])
  t.ok(average.read(now)!.now < 25, `${average.read(now)!.now}`)
  t.end()
})

t.test('who became slower is slow at once, and soon as a rule', (t) => {
  const average = new PeakEwma()
  let now = feed(average, many(20))
  now = feed(average, many(200, 10), now + 50)
  near(t, average.read(now)!.now, 200)
  now = feed(average, many(200, 400), now + 50)
  near(t, average.read(0)!.usual, 200, 0.02)
  t.end()
})

t.test('who became faster is believed within a few seconds, and at once after a silence', (t) => {
  const busy = new PeakEwma()
  const now = feed(busy, many(200))
  feed(busy, many(20, 300), now + 50)
  near(t, busy.read(0)!.usual, 20, 0.05)
  const silent = new PeakEwma()
  const since = feed(silent, many(200))
  silent.add(20, since + 180_000)
  t.ok(silent.read(0)!.usual < 45 && silent.read(since + 180_000)!.now < 45, `${silent.read(0)!.usual}`)
  t.end()
})

t.test('the mean of noisy answers is near the middle, and the clock may stand still', (t) => {
  const random = seededRandom(5)
  const average = new PeakEwma()
  feed(
    average,
    Array.from({ length: 1_000 }, () => 100 + 20 * (random() - 0.5)),
  )
  near(t, average.read(0)!.usual, 100, 0.03)
  const still = new PeakEwma()
  feed(still, [30, 50, 40], 9, 0)
  near(t, still.read(0)!.usual, 40)
  t.equal(still.read(9)!.now, 40)
  t.end()
})
