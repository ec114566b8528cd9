import t from 'tap'
import type { Mode } from '../../src/config/snapshot.ts'
import { expectedLatency } from '../../src/steering/expected-latency.ts'
import { makeEndpoint, type WorldSpec } from './support/build.ts'
import { makeField } from './support/field.ts'

const endpoint = makeEndpoint('a')

/** What is expected of an endpoint at 2,000 km. */
function expected(spec: WorldSpec = {}, km: number | null = 2_000, mode: Mode = 'proxy') {
  const field = makeField([endpoint], { ...spec, policy: { mode } })
  const { now, usual } = expectedLatency({ endpoint, reason: 'latency', km }, field)
  return [Math.round(now), Math.round(usual)]
}

const measured = (age: number, more: WorldSpec = {}): WorldSpec => ({
  latency: { a: 320 },
  usual: { a: 120 },
  age,
  ...more,
})

t.test('10 ms for 1,000 km where nothing is measured', (t) => {
  t.strictSame(expected(), [20, 20])
  t.strictSame(expected({}, null), [0, 0])
  t.end()
})

t.test('while the first answer is awaited it counts a second more, so that one request finds out', (t) => {
  t.strictSame(expected({ pending: { a: 1 } }), [1020, 1020])
  t.end()
})

t.test('what was measured of late counts, and asks no chance', (t) => {
  t.strictSame(expected(measured(0)), [320, 120])
  t.strictSame(expected(measured(30_000, { pending: { a: 5 } })), [320, 120])
  t.end()
})

t.test('what is old fades towards the distance for one request of a hundred, and for no second one meanwhile', (t) => {
  t.strictSame(expected(measured(90_000, { draw: () => 0.01 })), [320, 120])
  t.strictSame(
    expected(measured(90_000, { draw: () => 0.0099 })),
    [20 + 300 / Math.E, 20 + 100 / Math.E].map(Math.round),
  )
  t.strictSame(expected(measured(1e9, { draw: () => 0 })), [20, 20])
  t.strictSame(expected(measured(1e9, { draw: () => 0, pending: { a: 1 } })), [320, 120])
  t.end()
})

t.test('a redirected client is not where the gateway measures', (t) => {
  t.strictSame(expected(measured(0), 2_000, 'redirect'), [20, 20])
  t.end()
})
