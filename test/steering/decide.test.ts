import t from 'tap'
import type { Distance, Endpoint } from '../../src/config/snapshot.ts'
import type { Place } from '../../src/geo/place.ts'
import { decide } from '../../src/steering/decide.ts'
import type { Decision } from '../../src/steering/decision.ts'
import { seededRandom } from '../helpers/random.ts'
import {
  at,
  makeEndpoint,
  makeRoute,
  makeWorld,
  OUTLIER,
  placeAt,
  requestAt,
  scripted,
  standing,
} from './support/build.ts'

const HERE = requestAt(placeAt(0))
const THREE = [standing('a', 10), standing('b', 30), standing('c', 60)]

function candidates({ candidates }: Decision): string {
  return candidates.map(({ endpoint, reason }) => `${endpoint.cdnName}:${reason}`).join(' ')
}

function rejected({ rejected }: Decision): string {
  return rejected.map(({ endpoint, reason }) => `${endpoint.cdnName}:${reason}`).join(' ')
}

t.test('all is well: everybody ranked, nobody rejected', (t) => {
  const decision = decide(makeRoute(THREE), HERE, makeWorld())
  t.equal(candidates(decision), 'a:proximity b:proximity c:proximity')
  t.equal(rejected(decision), '')
  t.equal(decision.measuredFrom, 'client')
  t.equal(decision.policy.name, 'default')
  t.end()
})

t.test('every rejection has its reason, and configuration comes before health', (t) => {
  const endpoints = [
    standing('drained', 1, { drain: true, trust: false }),
    standing('untrusted', 2, { trust: false }),
    standing('unhealthy', 3),
    standing('ejected', 4),
    standing('well', 50),
  ]
  const standings = { drained: 'ejected', untrusted: 'unhealthy', unhealthy: 'unhealthy', ejected: 'ejected' } as const
  const world = makeWorld(standings, { draw: () => 0.5 })
  const decision = decide(makeRoute(endpoints), HERE, world)
  t.equal(rejected(decision), 'drained:drained untrusted:unverifiable unhealthy:unhealthy ejected:ejected')
  t.equal(candidates(decision), 'well:failover-unhealthy')
  t.end()
})

t.test('an endpoint without a Cdn is neither drained nor untrusted and has priority 0', (t) => {
  const endpoints = [standing('later', 0, { priority: 1 }), { ...standing('bare', 60), cdn: null }]
  t.equal(candidates(decide(makeRoute(endpoints), HERE, makeWorld())), 'bare:proximity later:proximity')
  t.end()
})

t.test('priorities are levels: the lowest number first, each level ranked by itself', (t) => {
  const endpoints = [
    standing('second-near', 1, { priority: 7 }),
    standing('first-far', 80, { priority: 2 }),
    standing('last', 0, { priority: 10 }),
    standing('first-near', 50, { priority: 2 }),
    standing('second-far', 20, { priority: 7 }),
  ]
  const decision = decide(makeRoute(endpoints), HERE, makeWorld())
  const names = decision.candidates.map(({ endpoint }) => endpoint.cdnName)
  t.strictSame(names, ['first-near', 'first-far', 'second-near', 'second-far', 'last'])
  t.end()
})

t.test('ties do not reach across levels', (t) => {
  const endpoints = [standing('b', 0, { priority: 1 }), standing('a', 1, { priority: 0 })]
  t.equal(candidates(decide(makeRoute(endpoints), HERE, makeWorld())), 'a:proximity b:proximity')
  t.end()
})

t.test('strategy failover keeps the order of the policy within a level', (t) => {
  const endpoints = [standing('far', 90), standing('near', 1), standing('first', 50, { priority: -1 })]
  const route = makeRoute(endpoints, { policy: { strategy: 'failover' } })
  t.equal(candidates(decide(route, HERE, makeWorld())), 'first:failover far:failover near:failover')
  t.end()
})

t.test('failover-unhealthy exactly when an ill endpoint would have been first', (t) => {
  const decision = (health: Parameters<typeof makeWorld>[0]) => decide(makeRoute(THREE), HERE, makeWorld(health))
  t.equal(candidates(decision({ a: 'unhealthy' })), 'b:failover-unhealthy c:proximity')
  t.equal(candidates(decision({ a: 'ejected', b: 'unhealthy' })), 'c:failover-unhealthy')
  t.equal(candidates(decision({ b: 'ejected' })), 'a:proximity c:proximity')
  t.equal(candidates(decision({ c: 'unhealthy' })), 'a:proximity b:proximity')
  t.end()
})

t.test('a drained endpoint that would have been first is no failover', (t) => {
  const endpoints = [standing('drained', 1, { drain: true }), standing('well', 10), standing('ill', 40)]
  const decision = decide(makeRoute(endpoints), HERE, makeWorld({ ill: 'ejected' }))
  t.equal(candidates(decision), 'well:proximity')
  t.end()
})

t.test('an ill endpoint of a lower level takes the failover with it', (t) => {
  const endpoints = [standing('primary', 90, { priority: 0 }), standing('spare', 1, { priority: 1 })]
  const decision = decide(makeRoute(endpoints), HERE, makeWorld({ primary: 'ejected' }))
  t.equal(candidates(decision), 'spare:failover-unhealthy')
  t.end()
})

t.test('among ties it is chance that would have made the ill one first', (t) => {
  const endpoints = [standing('well', 1), standing('ill', 0)]
  const world = (number: number) => makeWorld({ ill: 'ejected' }, { draw: () => number })
  t.equal(candidates(decide(makeRoute(endpoints), HERE, world(0.4))), 'well:failover-unhealthy')
  t.equal(candidates(decide(makeRoute(endpoints), HERE, world(0.6))), 'well:proximity')
  t.end()
})

t.test('one number is drawn for a decision: an ill one takes its share of the firsts, and a drained one none', (t) => {
  const endpoints = [standing('well', 1), standing('ill', 0), standing('gone', 0, { drain: true }), standing('too', 1)]
  const route = makeRoute(endpoints, { policy: { strategy: 'weighted' } })
  let drawn = 0
  let failovers = 0
  for (; drawn < 900; ) {
    const world = makeWorld({ ill: 'ejected' }, { draw: () => drawn++ / 900 })
    if (decide(route, HERE, world).candidates[0]!.reason === 'failover-unhealthy') failovers++
  }
  t.equal(failovers, 300)
  t.end()
})

t.test('panic: nothing is healthy, so whoever answered well most recently gets one attempt', (t) => {
  const ill = { a: 'unhealthy', b: 'unhealthy', c: 'unhealthy' } as const
  const recent = decide(makeRoute(THREE), HERE, makeWorld(ill, { lastSuccess: { a: 5, b: 1, c: 7 } }))
  t.equal(candidates(recent), 'c:panic')
  t.equal(rejected(recent), 'a:unhealthy b:unhealthy')
  const never = { a: Number.NEGATIVE_INFINITY, b: Number.NEGATIVE_INFINITY, c: Number.NEGATIVE_INFINITY }
  const equal = decide(makeRoute([...THREE].reverse()), HERE, makeWorld(ill, { lastSuccess: never }))
  t.equal(candidates(equal), 'a:panic', 'or else the best of them')
  t.end()
})

t.test('an ejection never takes the last endpoint of a policy', (t) => {
  const rows: readonly (readonly [standings: Parameters<typeof makeWorld>[0], lastSuccess: object, all: string])[] = [
    [{ a: 'ejected', b: 'ejected', c: 'ejected' }, { a: 1, b: 3, c: 2 }, 'b:failover-unhealthy | a:ejected c:ejected'],
    [{ a: 'ejected', b: 'ejected', c: 'ejected' }, { a: 4, b: 3, c: 2 }, 'a:proximity | b:ejected c:ejected'],
    [{ a: 'ejected', b: 'ejected', c: 'ejected' }, {}, 'a:proximity | b:ejected c:ejected'],
    [{ a: 'unhealthy', b: 'ejected', c: 'ejected' }, { a: 9, c: 1 }, 'c:failover-unhealthy | a:unhealthy b:ejected'],
    [{ a: 'unhealthy', b: 'corrupt', c: 'ejected' }, { a: 9 }, 'c:failover-unhealthy | a:unhealthy b:corrupt'],
    [{ a: 'ejected', b: 'ejected' }, { a: 9 }, 'c:failover-unhealthy | a:ejected b:ejected'],
    // A busy endpoint is well: nothing but ejections counts. One attempt may go past it.
    [{ a: 'circuit-open', b: 'ejected', c: 'unhealthy' }, { b: 1 }, 'b:panic | a:circuit-open c:unhealthy'],
    [{ a: 'over-capacity', b: 'ejected', c: 'ejected' }, { c: 1 }, 'c:panic | a:over-capacity b:ejected'],
  ]
  for (const [standings, lastSuccess, expected] of rows) {
    const world = makeWorld(standings, { lastSuccess: lastSuccess as Record<string, number> })
    const decision = decide(makeRoute(THREE), HERE, world)
    t.equal(`${candidates(decision)} | ${rejected(decision)}`, expected, JSON.stringify(standings))
  }
  const endpoints = [standing('drained', 0, { drain: true }), standing('untrusted', 0, { trust: false }), ...THREE]
  const spared = decide(makeRoute(endpoints), HERE, makeWorld({ a: 'ejected', b: 'ejected', c: 'ejected' }))
  t.equal(candidates(spared), 'a:proximity')
  t.end()
})

t.test('ejections take no more than max_ejection_percent of the endpoints of a policy', (t) => {
  const all = { a: 'ejected', b: 'ejected', c: 'ejected' } as const
  const lastSuccess = { a: 1, b: 2, c: 3 }
  const decision = (maxEjectionPercent: number, standings: Parameters<typeof makeWorld>[0] = all) => {
    const route = makeRoute(THREE, { policy: { outlier: { ...OUTLIER, maxEjectionPercent } } })
    return decide(route, HERE, makeWorld(standings, { lastSuccess }))
  }
  t.equal(rejected(decision(67)), 'a:ejected b:ejected')
  t.equal(rejected(decision(66)), 'a:ejected')
  t.equal(candidates(decision(66)), 'b:failover-unhealthy c:proximity')
  t.equal(rejected(decision(33)), '')
  t.equal(rejected(decision(0)), '')
  t.equal(
    rejected(decision(0, { a: 'corrupt', b: 'unhealthy' })),
    'a:corrupt b:unhealthy',
    'it is about ejections only',
  )
  t.end()
})

t.test('corrupt endpoints are asked in no case', (t) => {
  const decision = decide(makeRoute(THREE), HERE, makeWorld({ a: 'corrupt', b: 'corrupt', c: 'corrupt' }))
  t.equal(candidates(decision), '')
  t.equal(rejected(decision), 'a:corrupt b:corrupt c:corrupt')
  const one = decide(makeRoute(THREE), HERE, makeWorld({ a: 'corrupt', b: 'unhealthy', c: 'corrupt' }))
  t.equal(candidates(one), 'b:panic')
  const route = makeRoute(THREE, { policy: { panicThreshold: 100 } })
  t.equal(candidates(decide(route, HERE, makeWorld({ a: 'corrupt', b: 'ejected' }))), 'b:panic c:proximity')
  t.end()
})

t.test('busy endpoints are left out, not ill, and who takes over says so', (t) => {
  const decision = decide(makeRoute(THREE), HERE, makeWorld({ a: 'circuit-open', b: 'over-capacity' }))
  t.equal(candidates(decision), 'c:failover-unhealthy')
  t.equal(rejected(decision), 'a:circuit-open b:over-capacity')
  const busy = decide(makeRoute(THREE), HERE, makeWorld({ a: 'circuit-open', b: 'circuit-open', c: 'over-capacity' }))
  t.equal(candidates(busy), '', 'no panic: they would answer, if they were asked less')
  t.end()
})

t.test('below panic_threshold the ranking ignores health up to the first ill endpoint', (t) => {
  const decision = (panicThreshold: number, standings: Parameters<typeof makeWorld>[0]) =>
    candidates(decide(makeRoute(THREE, { policy: { panicThreshold } }), HERE, makeWorld(standings)))
  t.equal(decision(50, { a: 'unhealthy', b: 'ejected' }), 'a:panic c:proximity')
  t.equal(decision(50, { b: 'ejected', c: 'unhealthy' }), 'a:proximity b:panic')
  t.equal(decision(50, { a: 'corrupt', b: 'unhealthy' }), 'b:panic c:proximity', 'one of three is well')
  t.equal(decision(33, { a: 'unhealthy', b: 'ejected' }), 'c:failover-unhealthy')
  t.equal(decision(50, { a: 'unhealthy' }), 'b:failover-unhealthy c:proximity')
  t.equal(decision(100, {}), 'a:proximity b:proximity c:proximity')
  const drained = [standing('drained', 0, { drain: true }), ...THREE]
  const route = makeRoute(drained, { policy: { panicThreshold: 67 } })
  t.equal(candidates(decide(route, HERE, makeWorld({ a: 'unhealthy' }))), 'a:panic b:proximity c:proximity')
  t.end()
})

t.test('slow start: who came back keeps its rank for its share, and goes behind the others for the rest', (t) => {
  const decision = (ramp: Record<string, number>, ...numbers: number[]) =>
    decide(makeRoute(THREE), HERE, makeWorld({}, { ramp, random: scripted(...numbers) }))
  t.equal(candidates(decision({ a: 0.3 }, 0.29)), 'a:proximity b:proximity c:proximity')
  t.equal(candidates(decision({ a: 0.3 }, 0.3)), 'b:failover-unhealthy c:proximity a:proximity')
  t.equal(candidates(decision({ b: 0.3 }, 0.9)), 'a:proximity c:proximity b:proximity')
  t.equal(candidates(decision({ a: 0.3, b: 0.3 }, 0.9, 0.9)), 'c:failover-unhealthy a:proximity b:proximity')
  t.equal(candidates(decision({ a: 0.3, b: 0.3, c: 0.3 }, 0.9, 0.9, 0.9)), 'a:proximity b:proximity c:proximity')
  t.strictSame(
    decision({ a: 0.3 }, 0.9).candidates.map(({ ramp }) => ramp),
    [undefined, undefined, 0.3],
  )
  const only = decide(makeRoute([THREE[0]!]), HERE, makeWorld({}, { ramp: { a: 0.1 } }))
  t.equal(candidates(only), 'a:proximity', 'the only one has nobody to leave its requests to')
  t.end()
})

t.test('slow start goes behind later levels too, and beside an ill endpoint', (t) => {
  const endpoints = [standing('first', 1), standing('spare', 2, { priority: 1 })]
  const world = makeWorld({}, { ramp: { first: 0.5 }, random: scripted(0.6) })
  t.equal(candidates(decide(makeRoute(endpoints), HERE, world)), 'spare:failover-unhealthy first:proximity')
  const both = makeWorld({ a: 'ejected' }, { ramp: { b: 0.5 }, random: scripted(0.6) })
  t.equal(candidates(decide(makeRoute(THREE), HERE, both)), 'c:failover-unhealthy b:proximity')
  t.end()
})

t.test('over many requests an endpoint that came back is first as often as its ramp says', (t) => {
  const world = makeWorld({}, { ramp: { a: 0.25 }, random: seededRandom(7) })
  let first = 0
  for (let request = 0; request < 20_000; request++) {
    if (decide(makeRoute(THREE), HERE, world).candidates[0]!.endpoint.cdnName === 'a') first++
  }
  t.ok(Math.abs(first / 20_000 - 0.25) < 0.015, `${first}`)
  t.end()
})

t.test('panic never touches what is drained or cannot be verified', (t) => {
  const endpoints = [standing('drained', 1, { drain: true }), standing('untrusted', 2, { trust: false })]
  const none = decide(makeRoute(endpoints), HERE, makeWorld())
  t.equal(candidates(none), '')
  t.equal(rejected(none), 'drained:drained untrusted:unverifiable')
  const one = decide(makeRoute([...endpoints, standing('ill', 90)]), HERE, makeWorld({ ill: 'unhealthy' }))
  t.equal(candidates(one), 'ill:panic')
  t.equal(rejected(one), 'drained:drained untrusted:unverifiable')
  t.end()
})

t.test('no panic while one endpoint is healthy, however far and late', (t) => {
  const endpoints = [...THREE, standing('spare', 170, { priority: 99 })]
  const decision = decide(makeRoute(endpoints), HERE, makeWorld({ a: 'ejected', b: 'ejected', c: 'unhealthy' }))
  t.equal(candidates(decision), 'spare:failover-unhealthy')
  t.end()
})

t.test('mode origin ranks nothing', (t) => {
  const decision = decide(makeRoute(THREE, { policy: { mode: 'origin' } }), HERE, makeWorld({ a: 'ejected' }))
  t.strictSame([decision.candidates, decision.rejected], [[], []])
  t.end()
})

t.test('a policy without endpoints decides on nobody', (t) => {
  const decision = decide(makeRoute([]), HERE, makeWorld())
  t.strictSame([decision.candidates, decision.rejected], [[], []])
  t.end()
})

t.test('an unknown place: weights decide, and the decision says so', (t) => {
  const endpoints = [standing('a', 1, { weight: 1 }), standing('b', 90, { weight: 3 })]
  const decision = decide(makeRoute(endpoints), requestAt(placeAt(null)), makeWorld({}, { draw: () => 0.25 }))
  t.equal(candidates(decision), 'b:no-geo-default a:no-geo-default')
  t.equal(decision.measuredFrom, 'nowhere')
  t.end()
})

t.test('measured from the gateway where the geometry says so', (t) => {
  const route = makeRoute(THREE, { geometry: { measuredFrom: at(59) } })
  const decision = decide(route, HERE, makeWorld())
  t.equal(decision.candidates[0]!.endpoint.cdnName, 'c')
  t.equal(decision.measuredFrom, 'gateway')
  t.equal(decide(route, requestAt(placeAt(null)), makeWorld()).measuredFrom, 'gateway')
  t.end()
})

t.test('a repeated decision takes the remembered order and measures nothing', (t) => {
  const endpoints: Endpoint[] = [...THREE, makeEndpoint('anycast')]
  const asked: Place[] = []
  const kept = new WeakMap<Place, readonly Distance[]>()
  class Orders extends WeakMap<Place, readonly Distance[]> {
    override get(place: Place) {
      asked.push(place)
      return kept.get(place)
    }
    override set(place: Place, order: readonly Distance[]) {
      kept.set(place, order)
      return this
    }
  }
  const route = makeRoute(endpoints, { geometry: { orders: new Orders() } })
  decide(route, HERE, makeWorld())
  t.equal(kept.get(HERE.place)?.length, 4)
  // A false order that only the memo can have told.
  kept.set(
    HERE.place,
    [2, 1, 0, 3].map((index, rank) => ({ index, km: 1000 * rank })),
  )
  t.equal(candidates(decide(route, HERE, makeWorld())), 'c:proximity b:proximity a:proximity anycast:proximity')
  t.equal(asked.length, 2)
  t.end()
})

t.test('nothing that was passed in is changed', (t) => {
  const frozen = Object.freeze(THREE.map((endpoint) => Object.freeze(endpoint)))
  const route = Object.freeze(makeRoute(frozen))
  t.equal(
    candidates(decide(route, requestAt(Object.freeze(placeAt(0))), makeWorld({ b: 'ejected' }))),
    'a:proximity c:proximity',
  )
  t.end()
})

t.test('a forced Cdn is all there is, nearest first, and never one that sent false bytes', (t) => {
  const twins = [standing('far', 60), standing('near', 10), standing('bad', 5)].map((one) => ({
    ...one,
    cdnName: 'one',
  }))
  const route = makeRoute([standing('other', 0), ...twins])
  const world = { ...makeWorld(), standing: ({ key }: Endpoint) => (key === 'bad' ? 'corrupt' : 'ejected') } as const
  const decision = decide(route, { ...HERE, forced: 'one' }, world)
  t.strictSame(
    decision.candidates.map(({ endpoint, reason }) => [endpoint.key, reason]),
    [
      ['near', 'override'],
      ['far', 'override'],
    ],
  )
  t.equal(rejected(decision), 'one:corrupt')
  t.end()
})
