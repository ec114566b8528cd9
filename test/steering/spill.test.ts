import t from 'tap'
import { type Address, parseAddress } from '../../src/geo/address.ts'
import { decide } from '../../src/steering/decide.ts'
import type { Standing } from '../../src/steering/world.ts'
import { makeRoute, makeWorld, placeAt, requestAt, scripted, standing } from './support/build.ts'

const HERE = requestAt(placeAt(0))
const DRAWS = 1_000

/** Levels of so many endpoints each, the first ones of each ill: `0:4/10` is four of ten. */
function route(levels: string) {
  const standings: Record<string, Standing> = {}
  const endpoints = levels.split(' ').flatMap((level) => {
    const [priority, ill, all] = level.split(/[:/]/).map(Number) as [number, number, number]
    return Array.from({ length: all }, (_, at) => {
      const name = `${priority}-${at}`
      if (at < ill) standings[name] = at % 2 === 0 ? 'unhealthy' : 'circuit-open'
      return standing(name, 10 + at, { priority })
    })
  })
  return { route: makeRoute(endpoints, { policy: { strategy: 'failover' } }), standings }
}

/** Requests of 1,000 whose first candidate has each priority: `0:700 1:300`. */
function shares(levels: string): string {
  const { route: of, standings } = route(levels)
  const counts = new Map<number, number>()
  for (let draw = 0; draw < DRAWS; draw++) {
    const decision = decide(of, HERE, makeWorld(standings, { random: () => draw / DRAWS }))
    const { priority } = decision.candidates[0]!.endpoint.cdn!
    counts.set(priority, (counts.get(priority) ?? 0) + 1)
  }
  return [...counts]
    .sort(([a], [b]) => a - b)
    .map((pair) => pair.join(':'))
    .join(' ')
}

t.test('the shares that Envoy documents for 140 %', (t) => {
  const rows = [
    ['0:0/100 1:0/100', '0:1000'],
    ['0:28/100 1:0/100', '0:1000'],
    ['0:29/100 1:0/100', '0:994 1:6'],
    ['0:50/100 1:0/100', '0:700 1:300'],
    ['0:75/100 1:0/100', '0:350 1:650'],
    ['0:75/100 1:50/100', '0:350 1:650'],
    ['0:100/100 1:0/100', '1:1000'],
    // All lack something: in proportion to what they have.
    ['0:75/100 1:75/100', '0:500 1:500'],
    ['0:80/100 1:80/100 2:0/100', '0:280 1:280 2:440'],
    ['0:1/2 5:0/1', '0:700 5:300'],
  ]
  for (const [levels, expected] of rows) t.equal(shares(levels!), expected, levels!)
  t.end()
})

t.test('the level that it spills to goes first as a whole, and says why', (t) => {
  const { route: of, standings } = route('0:2/4 1:0/2 2:0/1')
  const told = (random: () => number) =>
    decide(of, HERE, makeWorld(standings, { random }))
      .candidates.map(({ endpoint, reason }) => `${endpoint.cdnName}:${reason}`)
      .join(' ')
  t.equal(told(scripted(0.69)), '0-2:failover-unhealthy 0-3:failover 1-0:failover 1-1:failover 2-0:failover')
  t.equal(told(scripted(0.71)), '1-0:failover-unhealthy 1-1:failover 0-2:failover 0-3:failover 2-0:failover')
  t.end()
})

t.test('under hash and affinity it is always the same keys that spill, and that come back slowly', (t) => {
  const { route: half, standings } = route('0:2/4 1:0/2')
  const CLIENTS = Array.from({ length: 600 }, (_, at) => parseAddress(`10.0.${at >> 2}.${64 * (at % 4)}`)!)
  const policies = [
    { strategy: 'hash', hashOn: 'client-network' },
    { strategy: 'weighted', affinity: 'client-network' },
  ] as const
  for (const policy of policies) {
    const of = makeRoute(half.endpoints, { policy })
    const spills = (client: Address) => {
      const first = decide(of, requestAt(placeAt(0), { client }), makeWorld(standings)).candidates[0]!
      return first.endpoint.cdn!.priority === 1
    }
    const share = CLIENTS.filter(spills).length / CLIENTS.length
    t.ok(Math.abs(share - 0.3) < 0.1, `${share}`)
    for (const client of CLIENTS.slice(0, 40))
      t.equal(spills(client), spills(parseAddress(client.text.replace(/\d+$/, '7'))!))
    const ramped = (client: Address, ramp: number) => {
      const world = makeWorld({}, { ramp: { '0-0': ramp } })
      return decide(of, requestAt(placeAt(0), { client }), world).candidates[0]!.endpoint.cdnName === '0-0'
    }
    // Whoever is back stays back.
    const back = [0.1, 0.4, 0.7, 1].map((ramp) => CLIENTS.filter((client) => ramped(client, ramp)))
    t.ok(back[0]!.length < back[1]!.length && back[2]!.length < back[3]!.length)
    for (const [at, some] of back.entries())
      t.ok(some.every((client) => back.slice(at).every((more) => more.includes(client))))
  }
  t.end()
})

t.test('who the operator took out is not missed, and one level has nowhere to spill to', (t) => {
  const drained = ['a', 'b', 'c'].map((name) => standing(name, 1, { drain: true }))
  const rest = [standing('d', 2), standing('e', 3, { priority: 1 })]
  const of = makeRoute([...drained, ...rest], { policy: { strategy: 'failover' } })
  t.equal(decide(of, HERE, makeWorld()).candidates[0]!.endpoint.cdnName, 'd', 'without asking chance')
  const one = route('0:9/10')
  t.equal(decide(one.route, HERE, makeWorld(one.standings)).candidates.length, 1)
  t.end()
})
