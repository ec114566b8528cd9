import t from 'tap'
import type { Endpoint } from '../../../src/config/snapshot.ts'
import { proximity } from '../../../src/steering/strategies/proximity.ts'
import { seededRandom } from '../../helpers/random.ts'
import { KM_PER_DEGREE, makeEndpoint, standing } from '../support/build.ts'
import { type FieldSpec, makeField, told } from '../support/field.ts'

function rank(endpoints: readonly Endpoint[], spec: FieldSpec & { readonly tieThreshold?: number } = {}) {
  const { tieThreshold = 500 } = spec
  return proximity(makeField(endpoints, { ...spec, policy: { tieThreshold, ...spec.policy } }))
}

t.test('the nearest first, without asking chance', (t) => {
  const endpoints = [standing('far', 90), standing('near', 1), standing('middle', 30)]
  t.equal(told(rank(endpoints)), 'near:proximity middle:proximity far:proximity')
  t.equal(told(rank(endpoints, { longitude: 80 })), 'far:proximity middle:proximity near:proximity')
  t.end()
})

t.test('what is not eligible does not count, also as the best', (t) => {
  const endpoints = [standing('ill', 0), standing('b', 10), standing('c', 12), standing('d', 40)]
  const eligible = [1, 2, 3]
  t.equal(told(rank(endpoints, { eligible, draw: () => 0.9 })), 'c:tie-break b:tie-break d:proximity')
  t.end()
})

t.test('ties are measured from the best and are not transitive', (t) => {
  // 0, 4 and 8 degrees: each is within 500 km of its neighbour, the third is 890 km from the first.
  const endpoints = [standing('a', 0), standing('b', 4), standing('c', 8)]
  t.equal(told(rank(endpoints, { draw: () => 0.9 })), 'b:tie-break a:tie-break c:proximity')
  t.end()
})

t.test('exactly at the threshold is a tie, a metre more is none', (t) => {
  const endpoints = [standing('a', 0), standing('b', 4)]
  const km = rank(endpoints, { tieThreshold: 0 })[1]!.km!
  t.equal(told(rank(endpoints, { tieThreshold: km, draw: () => 0.9 })), 'b:tie-break a:tie-break')
  t.equal(told(rank(endpoints, { tieThreshold: km - 0.001 })), 'a:proximity b:proximity')
  t.end()
})

t.test('without a threshold only equal distances tie', (t) => {
  const endpoints = [standing('west', -2), standing('east', 2), standing('next', 2.01)]
  const ranked = rank(endpoints, { tieThreshold: 0, draw: () => 0.9 })
  t.equal(told(ranked), 'east:tie-break west:tie-break next:proximity')
  t.end()
})

t.test('anycast counts as the threshold: it ties with whatever is near, and beats what is farther', (t) => {
  const anycast = makeEndpoint('anycast')
  const near = [standing('near', 1), anycast]
  t.equal(told(rank(near, { draw: () => 0.9 })), 'anycast:tie-break near:tie-break')
  t.equal(rank(near, { draw: () => 0.9 })[0]!.km, 500)
  t.equal(told(rank([standing('far', 30), anycast])), 'anycast:proximity far:proximity')
  t.end()
})

t.test('bias stretches and shrinks distances, and so moves the border', (t) => {
  const pair = (bias: number) => [standing('a', 0), standing('b', 40, { bias })]
  const first = (bias: number, longitude: number) =>
    rank(pair(bias), { longitude, tieThreshold: 0 })[0]!.endpoint.cdnName
  t.equal(first(0, 19), 'a')
  t.equal(first(0, 21), 'b')
  // With +50 the border stands where x = (40 − x) / 2, with −50 where x = (40 − x) × 2.
  t.equal(first(50, 13), 'a')
  t.equal(first(50, 14), 'b')
  t.equal(first(-50, 26), 'a')
  t.equal(first(-50, 27), 'b')
  const biased = rank(pair(50), { longitude: 20, tieThreshold: 0 })
  t.ok(Math.abs(biased[0]!.km! - 10 * KM_PER_DEGREE) < 0.1)
  t.end()
})

t.test('weights share the ties: over many draws each is first in proportion, and zero never', (t) => {
  const weights = { a: 60, b: 30, c: 10, never: 0 }
  const endpoints = Object.entries(weights).map(([name, weight], index) => standing(name, index, { weight }))
  const random = seededRandom(7)
  const first: Record<string, number> = { a: 0, b: 0, c: 0, never: 0 }
  const DRAWS = 20_000
  for (let draw = 0; draw < DRAWS; draw++) first[rank(endpoints, { draw: random })[0]!.endpoint.cdnName]!++
  for (const [name, weight] of Object.entries(weights)) {
    const share = first[name]! / DRAWS
    t.ok(Math.abs(share - weight / 100) < 0.015, `${name}: ${share}`)
  }
  t.equal(first.never, 0)
  t.end()
})

t.test('an unknown place ranks all by weight', (t) => {
  const endpoints = [
    standing('a', 0, { weight: 1 }),
    standing('b', 90, { weight: 3 }),
    makeEndpoint('c', { weight: 0 }),
  ]
  const ranked = rank(endpoints, { longitude: null, draw: () => 0.3 })
  t.equal(told(ranked), 'b:no-geo-default a:no-geo-default c:no-geo-default')
  t.ok(ranked.every(({ km }) => km === null))
  t.end()
})

t.test('an endpoint without a Cdn weighs 1', (t) => {
  const endpoints = [standing('a', 0, { weight: 1 }), { ...standing('b', 0), cdn: null }]
  t.equal(told(rank(endpoints, { draw: () => 0.49 })), 'a:tie-break b:tie-break')
  t.equal(told(rank(endpoints, { draw: () => 0.5 })), 'b:tie-break a:tie-break')
  t.end()
})
