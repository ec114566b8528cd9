import t from 'tap'
import { Latency } from '../../src/health/latency.ts'
import { seededRandom } from '../helpers/random.ts'

t.test('too few samples say nothing', (t) => {
  const latency = new Latency()
  for (let sample = 0; sample < 19; sample++) latency.add(10, 0)
  t.equal(latency.p95(0), null)
  latency.add(10, 0)
  t.ok(latency.p95(0))
  t.end()
})

t.test('the percentile is never too low and at most 15 % too high', (t) => {
  const random = seededRandom(3)
  for (const scale of [3, 40, 900, 20_000]) {
    const latency = new Latency()
    const samples = Array.from({ length: 2_000 }, () => random() ** 3 * scale)
    for (const sample of samples) latency.add(sample, 0)
    const exact = samples.sort((a, b) => a - b)[Math.ceil(0.95 * samples.length) - 1]!
    const found = latency.p95(0)!
    t.ok(found >= exact && found <= Math.max(1, exact) * 1.15 * 1.0001, `${found} for ${exact}`)
  }
  t.end()
})

t.test('what is out of range counts at the ends, and what is no time does not count', (t) => {
  const latency = new Latency()
  for (const odd of [Number.NaN, -1]) for (let sample = 0; sample < 50; sample++) latency.add(odd, 0)
  t.equal(latency.p95(0), null)
  for (let sample = 0; sample < 50; sample++) latency.add(0, 0)
  t.equal(latency.p95(0), 1)
  for (let sample = 0; sample < 50; sample++) latency.add(1e12, 0)
  t.ok(latency.p95(0)! > 60_000)
  t.end()
})

t.test('the past counts less and less', (t) => {
  const latency = new Latency()
  for (let sample = 0; sample < 1_000; sample++) latency.add(1_000, 0)
  const fast = (now: number) => {
    for (let sample = 0; sample < 100; sample++) latency.add(10, now)
  }
  fast(10_000)
  t.ok(latency.p95(10_000)! >= 1_000)
  for (let now = 20_000; now <= 80_000; now += 10_000) fast(now)
  t.ok(latency.p95(80_000)! < 12, 'seven half-lives later')
  t.equal(latency.p95(300_000), null, 'and of a silent endpoint nothing is known any more')
  t.equal(latency.p95(1e12), null)
  t.end()
})
