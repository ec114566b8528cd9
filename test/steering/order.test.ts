import t from 'tap'
import type { Coordinates, Place } from '../../src/geo/place.ts'
import { applyBias, nearestOrder } from '../../src/steering/order.ts'
import { at, KM_PER_DEGREE, makeEndpoint, makeGeometry, placeAt, standing } from './support/build.ts'

t.test('bias as geoproximity routing documents it', (t) => {
  const rows: readonly (readonly [bias: number, km: number])[] = [
    [0, 1000],
    [25, 750],
    [50, 500],
    [99, 10],
    [-25, 4000 / 3],
    [-50, 2000],
    [-99, 100_000],
  ]
  for (const [bias, km] of rows) t.ok(Math.abs(applyBias(1000, bias) - km) < 1e-6, `${bias}: ${applyBias(1000, bias)}`)
  t.end()
})

t.test('the distance to the nearest of several locations', (t) => {
  const endpoints = [makeEndpoint('a', {}, { locations: [at(170), at(20), at(-60)] }), standing('b', 25)]
  const order = nearestOrder(makeGeometry(endpoints), placeAt(0))!
  t.strictSame(
    order.map(({ index, km }) => [index, Math.round(km)]),
    [
      [0, Math.round(20 * KM_PER_DEGREE)],
      [1, Math.round(25 * KM_PER_DEGREE)],
    ],
  )
  t.end()
})

t.test('equal distances keep the order of the configuration', (t) => {
  const endpoints = [standing('a', 5), standing('b', -5), standing('c', 5), makeEndpoint('d')]
  const geometry = makeGeometry(endpoints, { anycastDistance: 1 })
  t.strictSame(
    nearestOrder(geometry, placeAt(0))!.map(({ index }) => index),
    [3, 0, 1, 2],
  )
  t.end()
})

t.test('bias applies to anycast too', (t) => {
  const geometry = makeGeometry([makeEndpoint('a', { bias: 50 }), makeEndpoint('b', { bias: -50 })])
  t.strictSame(nearestOrder(geometry, placeAt(0)), [
    { index: 0, km: 250 },
    { index: 1, km: 1000 },
  ])
  t.end()
})

t.test('no place, no order, and nothing remembered', (t) => {
  const geometry = makeGeometry([standing('a', 5)])
  const place = placeAt(null)
  t.equal(nearestOrder(geometry, place), null)
  t.notOk(geometry.orders.has(place))
  t.end()
})

t.test('from the gateway when the geometry says so, also for clients that nothing knows', (t) => {
  const endpoints = [standing('a', 0), standing('b', 90)]
  const geometry = makeGeometry(endpoints, { measuredFrom: at(80) })
  for (const place of [placeAt(0), placeAt(null)]) t.equal(nearestOrder(geometry, place)![0]!.index, 1)
  t.end()
})

t.test('computed once for a place and a geometry: the second time no coordinate is looked at', (t) => {
  let looks = 0
  const counting = (longitude: number): Coordinates => ({
    latitude: 0,
    get longitude() {
      looks++
      return longitude
    },
  })
  const place: Place = { ...placeAt(0), location: counting(0) }
  const geometry = makeGeometry([makeEndpoint('a', {}, { locations: [counting(3)] }), standing('b', 1)])
  const first = nearestOrder(geometry, place)
  t.ok(looks > 0)
  t.equal(geometry.orders.get(place), first)
  looks = 0
  t.equal(nearestOrder(geometry, place), first)
  t.equal(looks, 0)
  nearestOrder(geometry, { ...place })
  t.ok(looks > 0, 'another place is measured')
  looks = 0
  nearestOrder(makeGeometry([makeEndpoint('a', {}, { locations: [at(3)] })]), place)
  t.ok(looks > 0, 'another geometry is measured')
  t.end()
})
