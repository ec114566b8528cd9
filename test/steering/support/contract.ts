import type { Test } from 'tap'
import type { Distance, Endpoint, HashOn, Policy } from '../../../src/config/snapshot.ts'
import { UNPRICED } from '../../../src/costs/quote.ts'
import { nextStep } from '../../../src/delivery/retry.ts'
import { parseAddress } from '../../../src/geo/address.ts'
import { decide } from '../../../src/steering/decide.ts'
import { STRATEGIES, type StrategyName } from '../../../src/steering/strategies/index.ts'
import type { Field } from '../../../src/steering/strategies/strategy.ts'
import { TIE_BREAKERS, type TieBreakerName } from '../../../src/steering/tie-breakers/index.ts'
import type { Standing, World } from '../../../src/steering/world.ts'
import { seededRandom } from '../../helpers/random.ts'
import { at, makeEndpoint, makePolicy, makeRoute, makeWorld, placeAt, requestAt } from './build.ts'
import { makeField } from './field.ts'

const ROUNDS = 400
const EXTREMES = { 'the smallest random number': () => 0, 'the largest random number': () => 1 - 2 ** -53 }
const STANDINGS: readonly Standing[] = ['healthy', 'unhealthy', 'ejected', 'corrupt', 'circuit-open', 'over-capacity']
const NAMES = Object.keys(TIE_BREAKERS) as TieBreakerName[]
const HASHED: readonly HashOn[] = ['path', 'client-network', { header: 'x-key' }]

/** What holds for every strategy, whatever it prefers. */
export function contract(t: Test, name: StrategyName): void {
  const strategy = STRATEGIES[name]

  t.test('ranks every eligible endpoint exactly once and never another', (t) => {
    for (const field of fields(name, 1)) {
      const ranked = strategy(field).map(({ endpoint }) => field.endpoints.indexOf(endpoint))
      const sorted = (indexes: readonly number[]) => [...indexes].sort((a, b) => a - b)
      t.strictSame(sorted(ranked), sorted(field.eligible))
    }
    t.end()
  })

  t.test('is deterministic for given random numbers', (t) => {
    const [first, second] = [fields(name, 2), fields(name, 2)].map((all) => all.map(strategy))
    t.strictSame(first, second)
    t.end()
  })

  for (const [extreme, random] of Object.entries(EXTREMES)) {
    t.test(`holds with ${extreme}`, (t) => {
      for (const field of fields(name, 3)) {
        const ranked = strategy({ ...field, world: { ...field.world, random }, draw: random })
        t.equal(ranked.length, field.eligible.length)
      }
      t.end()
    })
  }

  t.test('ranks a single endpoint without asking chance, also one of weight 0', (t) => {
    const only = makeEndpoint('only', { weight: 0 })
    for (const longitude of [null, 7]) {
      const ranked = strategy(makeField([only], { longitude, policy: { strategy: name } }))
      t.strictSame(
        ranked.map(({ endpoint, km }) => [endpoint, km]),
        [[only, longitude === null ? null : 500]],
      )
    }
    t.end()
  })

  t.test('ranks endpoints that all have weight 0', (t) => {
    const endpoints = ['a', 'b', 'c'].map((cdn) => makeEndpoint(cdn, { weight: 0 }))
    const ranked = strategy(makeField(endpoints, { longitude: null, policy: { strategy: name }, draw: () => 0.5 }))
    t.strictSame(ranked.map(({ endpoint }) => endpoint.cdnName).sort(), ['a', 'b', 'c'])
    t.end()
  })

  t.test('tells the distance that was measured, and none where the place is unknown', (t) => {
    for (const field of fields(name, 4)) {
      const known = new Map(field.order?.map(({ index, km }) => [field.endpoints[index], km]))
      for (const { endpoint, km } of strategy(field)) t.equal(km, known.get(endpoint) ?? null)
    }
    t.end()
  })

  t.test('a decision without endpoints, or with none that may serve, has no candidates', (t) => {
    const drained = [makeEndpoint('a', { drain: true }), makeEndpoint('b', { trust: false })]
    for (const endpoints of [[], drained]) {
      const route = makeRoute(endpoints, { policy: { strategy: name } })
      t.strictSame(decide(route, requestAt(placeAt(0)), makeWorld()).candidates, [])
    }
    t.end()
  })

  t.test('a decision holds each endpoint once, and no candidate is one that was rejected', (t) => {
    for (const { decision, endpoints } of decisions(name, 5)) {
      const all = [...decision.candidates, ...decision.rejected].map(({ endpoint }) => endpoint)
      t.ok(all.length <= endpoints.length && new Set(all).size === all.length)
    }
    t.end()
  })

  t.test('no endpoint is tried again while another is left', (t) => {
    for (const { decision, decideAgain } of decisions(name, 6)) {
      const records: Parameters<typeof nextStep>[0]['records'][number][] = []
      const rest = {
        elapsed: 0,
        origin: [],
        originTimeout: 1,
        contentComplete: false,
        network: null,
        broke: false,
        random: () => 0.5,
      }
      const among = decision.candidates.length
      for (let attempt = 0; attempt < Math.min(3, among); attempt++) {
        const step = nextStep({ decision: attempt === 0 ? decision : decideAgain(), records, ...rest })
        if (step.kind !== 'attempt') break
        const { endpoint } = step.candidate
        t.notOk(records.some((record) => record.endpoint === endpoint) && step.delay === 0, endpoint.key)
        records.push({
          endpoint,
          outcome: { kind: 'failed', code: 'connection_refused', status: null, sent: false },
          ms: 1,
        })
      }
    }
    t.end()
  })
}

/** Random fields, the same for the same seed; frozen, so that a strategy that changes its arguments throws. */
function fields(name: StrategyName, seed: number): Field[] {
  const random = seededRandom(seed)
  return Array.from({ length: ROUNDS }, () => randomField(name, random))
}

function randomField(name: StrategyName, random: () => number): Field {
  const endpoints = randomEndpoints(1, random)
  const eligible = endpoints.map((_, index) => index).filter(() => random() < 0.7)
  if (eligible.length === 0) eligible.push(Math.floor(random() * endpoints.length))
  const policy = randomPolicy(name, random)
  const drawn = random()
  const field = makeField(Object.freeze(endpoints), {
    policy,
    eligible: Object.freeze(eligible),
    longitude: random() < 0.2 ? null : random() * 360 - 180,
    draw: () => drawn,
  })
  const order = field.order === null ? null : Object.freeze(field.order.map((entry): Distance => Object.freeze(entry)))
  return Object.freeze({ ...field, order, request: randomRequest(random), world: randomWorld(endpoints, random) })
}

/** Decisions about endpoints of which some are ill, and how to decide again. */
function decisions(name: StrategyName, seed: number) {
  const random = seededRandom(seed)
  return Array.from({ length: ROUNDS }, () => {
    const endpoints = randomEndpoints(0, random)
    const route = makeRoute(endpoints, { policy: randomPolicy(name, random) })
    const world = randomWorld(endpoints, random)
    const request = randomRequest(random)
    const decideAgain = () => decide(route, request, world)
    return { endpoints, decision: decideAgain(), decideAgain }
  })
}

function randomPolicy(name: StrategyName, random: () => number): Policy {
  return makePolicy({
    strategy: name,
    mode: random() < 0.2 ? 'redirect' : 'proxy',
    tieThreshold: random() < 0.3 ? 0 : random() * 5000,
    latencyTolerance: random() < 0.3 ? 0 : random() * 100,
    tieBreakers: NAMES.toSorted(() => random() - 0.5).slice(Math.floor(random() * (NAMES.length + 1))),
    affinity: random() < 0.3 ? 'client-network' : 'none',
    hashOn: HASHED[Math.floor(random() * HASHED.length)]!,
  })
}

function randomRequest(random: () => number) {
  const key = String(random())
  const client = parseAddress(random() < 0.5 ? `192.0.${Math.floor(random() * 256)}.1` : '2001:db8:7::1')!
  return requestAt(placeAt(random() * 360 - 180), {
    path: `/${key}`,
    client,
    header: () => (random() < 0.5 ? key : null),
  })
}

function randomWorld(endpoints: readonly Endpoint[], random: () => number): World {
  const facts = new Map(
    endpoints.map((endpoint) => {
      const ms = random() * 300
      const age = random() < 0.5 ? random() * 20_000 : random() * 1e6
      const measured = random() < 0.6
      return [
        endpoint,
        {
          standing: random() < 0.6 ? 'healthy' : STANDINGS[Math.floor(random() * STANDINGS.length)]!,
          ramp: random() < 0.8 ? 1 : random(),
          measured: measured ? { now: ms + random() * 200, usual: ms, age } : null,
          pending: random() < 0.5 ? 0 : Math.floor(random() * 100),
          quote: random() < 0.5 ? UNPRICED : { ...UNPRICED, prices: { default: random() < 0.5 ? 1 : random() } },
        },
      ]
    }),
  )
  const number = seededRandom(random() * 2 ** 32)
  return {
    random: number,
    draw: number,
    standing: (endpoint) => facts.get(endpoint)!.standing,
    ramp: (endpoint) => facts.get(endpoint)!.ramp,
    lastSuccess: () => 0,
    measured: (endpoint) => facts.get(endpoint)!.measured,
    latency: (endpoint) => facts.get(endpoint)!.measured?.now ?? null,
    pending: (endpoint) => facts.get(endpoint)!.pending,
    quote: (endpoint) => facts.get(endpoint)!.quote,
  }
}

function randomEndpoints(least: number, random: () => number): Endpoint[] {
  return Array.from({ length: least + Math.floor(random() * 8) }, (_, index) => {
    const weight = random() < 0.3 ? 0 : Math.floor(random() * 200)
    const bias = random() < 0.5 ? 0 : Math.floor(random() * 199) - 99
    const locations = Array.from({ length: Math.floor(random() * 4) }, () => at(random() * 360 - 180))
    return makeEndpoint(`cdn-${index}`, { weight, bias, priority: Math.floor(random() * 3) }, { locations })
  })
}
