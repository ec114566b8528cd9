import type { Test } from 'tap'
import type { Distance, Endpoint } from '../../../src/config/snapshot.ts'
import { nearestOrder } from '../../../src/steering/order.ts'
import type { Field, Strategy } from '../../../src/steering/strategies/strategy.ts'
import { seededRandom } from '../../helpers/random.ts'
import { at, makeEndpoint, makeGeometry, makePolicy, makeWorld, placeAt, requestAt } from './build.ts'

const REQUEST = requestAt(placeAt(0))
const ROUNDS = 400
const EXTREMES = { 'the smallest random number': () => 0, 'the largest random number': () => 1 - 2 ** -53 }

/** What holds for every strategy, whatever it prefers. */
export function contract(t: Test, strategy: Strategy): void {
  t.test('ranks every eligible endpoint exactly once and never another', (t) => {
    for (const field of fields(1)) {
      const ranked = strategy(field).map(({ endpoint }) => field.endpoints.indexOf(endpoint))
      const sorted = (indexes: readonly number[]) => [...indexes].sort((a, b) => a - b)
      t.strictSame(sorted(ranked), sorted(field.eligible))
    }
    t.end()
  })

  t.test('is deterministic for given random numbers', (t) => {
    const [first, second] = [fields(2), fields(2)].map((all) => all.map(strategy))
    t.strictSame(first, second)
    t.end()
  })

  for (const [name, random] of Object.entries(EXTREMES)) {
    t.test(`holds with ${name}`, (t) => {
      for (const field of fields(3))
        t.equal(strategy({ ...field, world: { ...field.world, random } }).length, field.eligible.length)
      t.end()
    })
  }

  t.test('ranks a single endpoint without asking chance, also one of weight 0', (t) => {
    const [endpoint] = [makeEndpoint('only', { weight: 0 })]
    for (const order of [null, [{ index: 0, km: 7 }]]) {
      const field: Field = {
        policy: makePolicy(),
        endpoints: [endpoint!],
        eligible: [0],
        order,
        request: REQUEST,
        world: makeWorld({}, { random: refuseChance }),
      }
      t.strictSame(
        strategy(field).map((candidate) => [candidate.endpoint, candidate.km]),
        [[endpoint, order === null ? null : 7]],
      )
    }
    t.end()
  })

  t.test('ranks endpoints that all have weight 0', (t) => {
    const endpoints = ['a', 'b', 'c'].map((name) => makeEndpoint(name, { weight: 0 }))
    const field = {
      policy: makePolicy(),
      endpoints,
      eligible: [0, 1, 2],
      order: null,
      request: REQUEST,
      world: makeWorld({}, { random: () => 0.5 }),
    }
    t.strictSame(
      strategy(field)
        .map(({ endpoint }) => endpoint.cdnName)
        .sort(),
      ['a', 'b', 'c'],
    )
    t.end()
  })

  t.test('tells the distance that was measured, and none where the place is unknown', (t) => {
    for (const field of fields(4)) {
      const known = new Map(field.order?.map(({ index, km }) => [field.endpoints[index], km]))
      for (const { endpoint, km } of strategy(field)) t.equal(km, known.get(endpoint) ?? null)
    }
    t.end()
  })
}

function refuseChance(): number {
  throw new Error('a single endpoint needs no chance')
}

/** Random fields, the same for the same seed; frozen, so that a strategy that changes its arguments throws. */
function fields(seed: number): Field[] {
  const random = seededRandom(seed)
  return Array.from({ length: ROUNDS }, () => makeField(random))
}

function makeField(random: () => number): Field {
  const endpoints = Array.from({ length: 1 + Math.floor(random() * 8) }, (_, index) => randomEndpoint(index, random))
  const policy = makePolicy({ tieThreshold: random() < 0.3 ? 0 : random() * 5000 })
  const eligible = endpoints.map((_, index) => index).filter(() => random() < 0.7)
  if (eligible.length === 0) eligible.push(Math.floor(random() * endpoints.length))
  const geometry = makeGeometry(endpoints, { anycastDistance: policy.tieThreshold })
  const order = nearestOrder(geometry, placeAt(random() < 0.2 ? null : random() * 360 - 180))
  return Object.freeze({
    policy,
    endpoints: Object.freeze(endpoints),
    eligible: Object.freeze(eligible),
    order: order === null ? null : Object.freeze(order.map((entry): Distance => Object.freeze({ ...entry }))),
    request: REQUEST,
    world: makeWorld({}, { random: seededRandom(random() * 2 ** 32) }),
  })
}

function randomEndpoint(index: number, random: () => number): Endpoint {
  const weight = random() < 0.3 ? 0 : Math.floor(random() * 200)
  const bias = random() < 0.5 ? 0 : Math.floor(random() * 199) - 99
  const count = Math.floor(random() * 4)
  const locations = Array.from({ length: count }, () => at(random() * 360 - 180))
  return makeEndpoint(`cdn-${index}`, { weight, bias }, { locations })
}
