import t from 'tap'
import type { Policy } from '../../src/config/snapshot.ts'
import { parseAddress } from '../../src/geo/address.ts'
import { proximity } from '../../src/steering/strategies/proximity.ts'
import { standing } from './support/build.ts'
import { type FieldSpec, makeField, told } from './support/field.ts'

const NEAR = [
  standing('a', 0, { weight: 60 }),
  standing('b', 1, { weight: 30 }),
  standing('c', 2, { weight: 10 }),
  standing('far', 90),
]

/** The names of the equals, best first. */
function order(policy: Partial<Policy>, spec: FieldSpec = {}): string {
  return proximity(makeField(NEAR, { ...spec, policy }))
    .map(({ endpoint }) => endpoint.cdnName)
    .join(' ')
}

t.test('each list of tie-breakers, with what it was measured', (t) => {
  const latency = { a: 61, b: 40, c: 60 }
  const rows: readonly (readonly [tieBreakers: Policy['tieBreakers'], draw: number | null, expected: string])[] = [
    [[], null, 'a b c far'],
    [['weight'], 0, 'a b c far'],
    [['weight'], 0.999, 'c b a far'],
    // Only a is more than 20 ms slower than the fastest.
    [['latency'], null, 'b c a far'],
    [['latency', 'weight'], 0, 'b c a far'],
    [['latency', 'weight'], 0.74, 'b c a far'],
    [['latency', 'weight'], 0.76, 'c b a far'],
    // Weights leave no equals.
    [['weight', 'latency'], 0.999, 'c b a far'],
  ]
  for (const [tieBreakers, draw, expected] of rows) {
    const chance = draw === null ? {} : { draw: () => draw }
    t.equal(order({ tieBreakers }, { latency, ...chance }), expected, `${tieBreakers} ${draw}`)
  }
  t.end()
})

t.test('latency groups from the best of what is left, and a tolerance of 0 orders all', (t) => {
  const latency = { a: 75, b: 40, c: 60 }
  t.equal(order({ tieBreakers: ['latency'] }, { latency }), 'b c a far')
  t.equal(order({ tieBreakers: ['latency'], latencyTolerance: 35 }, { latency }), 'a b c far')
  t.equal(order({ tieBreakers: ['latency'], latencyTolerance: 0 }, { latency: { a: 3, b: 2, c: 1 } }), 'c b a far')
  t.end()
})

t.test('who was never measured counts as its distance says, and so is tried soon, once', (t) => {
  const latency = { a: 61, b: 40 }
  t.equal(order({}, { latency, draw: () => 0 }), 'c b a far')
  t.equal(order({}, { latency, pending: { c: 1 }, draw: () => 0 }), 'b a c far')
  t.end()
})

t.test('nothing is measured: weights decide, as they do without a place, however large the threshold', (t) => {
  const wide = { tieThreshold: 20_000 }
  t.equal(order(wide, { draw: () => 0.999 }), 'far c b a')
  t.equal(order({ ...wide, mode: 'redirect' }, { latency: { a: 1, far: 900 }, draw: () => 0.999 }), 'far c b a')
  t.equal(order(wide, { latency: { a: 1, b: 1, c: 1, far: 900 }, draw: () => 0.999 }), 'c b a far')
  t.equal(order({}, { draw: () => 0.95 }), 'c a b far')
  const unplaced = makeField(NEAR, { longitude: null, draw: () => 0 })
  t.match(told(proximity(unplaced)), /^a:no-geo-default b:/)
  t.end()
})

t.test('affinity: a client network keeps its endpoint, gets another while that is away, and gets it back', (t) => {
  const policy = { affinity: 'client-network' } as const
  const of = (client: string, spec: FieldSpec = {}) =>
    proximity(makeField(NEAR, { ...spec, policy, request: { client: parseAddress(client)! } }))
  const first = (client: string, spec?: FieldSpec) => of(client, spec)[0]!.endpoint.cdnName
  t.equal(first('192.0.2.1'), first('192.0.2.250'))
  t.equal(first('2001:db8:1::1'), first('2001:db8:1:ffff::2'))
  t.equal(of('192.0.2.1')[0]!.reason, 'affinity')
  t.equal(of('192.0.2.1').at(-1)!.reason, 'proximity', 'who is no equal stays where it was')
  const shares: Record<string, number> = {}
  const NETWORKS = 10_000
  for (let at = 0; at < NETWORKS; at++) {
    const client = `10.${at >> 8}.${at & 255}.7`
    const home = first(client)
    shares[home] = (shares[home] ?? 0) + 1
    if (at >= 500) continue
    // Slow answers do not move it, nor does anybody else's failure.
    t.equal(first(client, { latency: { [home]: 900 } }), home)
    const eligible = NEAR.map((_, index) => index).filter((index) => NEAR[index]!.cdnName !== home)
    t.equal(first(client, { eligible }), of(client)[1]!.endpoint.cdnName)
  }
  for (const [name, share] of [
    ['a', 0.6],
    ['b', 0.3],
    ['c', 0.1],
  ] as const)
    t.ok(Math.abs(shares[name]! / NETWORKS - share) < 0.02, `${name}: ${shares[name]}`)
  const alone = makeField([NEAR[0]!, NEAR[3]!], { policy })
  t.equal(told(proximity(alone)), 'a:proximity far:proximity', 'nobody is equal: nothing to keep')
  t.end()
})
