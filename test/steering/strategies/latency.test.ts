import t from 'tap'
import { latency } from '../../../src/steering/strategies/latency.ts'
import { standing } from '../support/build.ts'
import { type FieldSpec, makeField, told } from '../support/field.ts'
import { losses, ROUND_TRIPS } from '../support/round-trips.ts'

// 10, 20 and 80 ms by distance.
const ENDPOINTS = [standing('near', 9), standing('middle', 18), standing('far', 72)]

function ranked(spec: FieldSpec = {}): string {
  return told(latency(makeField(ENDPOINTS, { ...spec, policy: { strategy: 'latency', ...spec.policy } })))
}

t.test('nothing is measured: as the distance says, and equals by the next tie-breaker', (t) => {
  t.equal(ranked(), 'near:tie-break middle:tie-break far:latency')
  const tieBreakers = ['weight'] as const
  t.equal(ranked({ policy: { tieBreakers }, draw: () => 0.9 }), 'middle:tie-break near:tie-break far:latency')
  t.equal(ranked({ policy: { latencyTolerance: 5 } }), 'near:latency middle:latency far:latency')
  t.equal(ranked({ longitude: null, draw: () => 0.5 }), 'middle:no-geo-default far:no-geo-default near:no-geo-default')
  t.end()
})

t.test('what was measured counts more than the distance', (t) => {
  const measured = { near: 90, middle: 60, far: 30 }
  t.equal(ranked({ latency: measured }), 'far:latency middle:latency near:latency')
  t.equal(ranked({ latency: measured, longitude: null }), 'far:latency middle:latency near:latency')
  const sent = { latency: measured, longitude: null, draw: () => 0, policy: { mode: 'redirect' } } as const
  t.match(ranked(sent), /^(\w+:no-geo-default ?){3}$/, 'a redirected client is not where the gateway measures')
  const field = makeField(ENDPOINTS, { latency: measured })
  t.strictSame(
    latency(field).map(({ ms }) => ms),
    [30, 60, 90],
  )
  t.end()
})

t.test('within the tolerance what is usual decides, to a millisecond, and beyond it the moment', (t) => {
  const usual = { near: 31, middle: 30, far: 29.5 }
  const noisy = { near: 50, middle: 45, far: 31 }
  t.equal(ranked({ latency: noisy, usual, draw: () => 0.1 }), 'far:tie-break middle:tie-break near:tie-break')
  t.equal(ranked({ latency: noisy, usual, draw: () => 0.9 }), 'middle:tie-break far:tie-break near:tie-break')
  t.equal(
    ranked({ latency: { ...noisy, far: 400 }, usual, draw: () => 0 }),
    'middle:tie-break near:tie-break far:latency',
  )
  t.end()
})

const mean = (numbers: readonly number[]) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length
const GATEWAYS = Object.keys(ROUND_TRIPS)

for (const pace of [5, 50, 1_000]) {
  t.test(`noisy round trips, a request every ${pace} ms: 2,000 requests lose less than 1 ms on average`, (t) => {
    const lost = (strategy: 'latency' | 'proximity') =>
      GATEWAYS.map((gateway, seed) => mean(losses(gateway, { strategy, requests: 2_000, pace, seed })))
    const [byLatency, byProximity] = [lost('latency'), lost('proximity')]
    t.ok(mean(byLatency) < 1, `latency loses ${byLatency.map((ms) => ms.toFixed(2))}`)
    t.ok(mean(byProximity) > 10, `proximity loses ${byProximity.map((ms) => ms.toFixed(2))}`)
    t.ok(Math.max(...byLatency) < 5, 'nor does any gateway lose much')
    t.end()
  })
}

t.test('finding out costs little for ever: one request of a hundred, and only where something is old', (t) => {
  for (const gateway of GATEWAYS) {
    const later = losses(gateway, { strategy: 'latency', requests: 20_000, pace: 200 }).slice(2_000)
    const costly = later.filter((ms) => ms > 20).length
    t.ok(costly / later.length < 0.01, `${gateway}: ${costly} of ${later.length}`)
  }
  t.end()
})

t.test('who becomes slow is left within a few requests, and found again when it is fast', (t) => {
  const [from, to] = [20_000, 60_000]
  const slow = (cdn: number, now: number) => ROUND_TRIPS.LHR![cdn]! + (cdn === 0 && now >= from && now < to ? 300 : 0)
  const lost = losses('LHR', { strategy: 'latency', requests: 2_400, pace: 50, roundTrip: slow })
  const during = lost.slice(from / 50, to / 50).filter((ms) => ms > 20).length
  t.ok(during < 40, `${during} of 800 while it was slow`)
  const after = lost.slice(to / 50 + 400).filter((ms) => ms > 20).length
  t.ok(after < 10, `${after} of 800 from 20 s after it`)
  t.end()
})
