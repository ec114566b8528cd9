import t from 'tap'
import type { Quote } from '../../../src/costs/quote.ts'
import { decide } from '../../../src/steering/decide.ts'
import type { Decision } from '../../../src/steering/decision.ts'
import { passedOver } from '../../../src/steering/passed-over.ts'
import { makeRoute, makeWorld, placeAt, requestAt, standing } from '../support/build.ts'

const quote = (price: number, over: Partial<Quote> = {}): Quote => {
  return { commit: 'none', full: false, prices: { default: price }, order: 0, ...over }
}
/** 0, 445, 890 and 3,336 km away. */
const ENDPOINTS = [standing('near', 0), standing('mid', 4), standing('edge', 8), standing('far', 30)]
const HERE = requestAt(placeAt(0))

type Quotes = Readonly<Record<string, Quote>>

function decided(
  quotes: Quotes,
  cost: Readonly<Record<string, unknown>> = {},
  strategy: 'cost' | 'proximity' = 'cost',
) {
  const settings = { maxExtraDistance: 1000, maxExtraLatency: 50, burstTo: [], pricedAt: null, ...cost }
  const route = makeRoute(ENDPOINTS, { policy: { strategy, tieThreshold: 0, cost: settings } })
  // Latencies as if they were distances: those of `mid` are known to be bad.
  const world = { ...makeWorld({}, { quotes }), latency: latencyOf(cost.slow as string | undefined) }
  return decide(route, HERE, world)
}

function latencyOf(slow: string | undefined) {
  return ({ cdnName }: { readonly cdnName: string }) => (slow === undefined ? null : cdnName === slow ? 200 : 10)
}

const order = ({ candidates }: Decision) =>
  candidates.map(({ endpoint, reason }) => `${endpoint.cdnName}:${reason}`).join(' ')

t.test('the cheapest within reach first, the others by distance', async (t) => {
  const quotes = { near: quote(0.05), mid: quote(0.04), edge: quote(0.03), far: quote(0.01) }
  t.equal(order(decided(quotes)), 'edge:cost mid:cost near:cost far:proximity')
  t.equal(order(decided(quotes, { maxExtraDistance: 500 })), 'mid:cost near:cost edge:proximity far:proximity')
  t.equal(order(decided(quotes, { maxExtraDistance: 5000, slow: 'far' })), 'edge:cost mid:cost near:cost far:proximity')
  t.equal(order(decided({})), 'near:cost mid:cost edge:cost far:proximity', 'equal prices: by distance')
  t.same([...passedOver(decided(quotes))], [], 'a price is no commit')
})

t.test('in redirect mode nobody is too slow: the gateway measures, and the client fetches', async (t) => {
  const settings = { maxExtraDistance: 1000, maxExtraLatency: 50, burstTo: ['mid'], pricedAt: null }
  const world = {
    ...makeWorld({}, { quotes: { near: quote(0.05, { commit: 'reached' }), mid: quote(0.01), edge: quote(0.03) } }),
    latency: latencyOf('mid'),
  }
  const firstOf = (mode: 'proxy' | 'redirect', strategy: 'cost' | 'proximity') => {
    const route = makeRoute(ENDPOINTS, { policy: { mode, strategy, tieThreshold: 0, cost: settings } })
    return order(decide(route, HERE, world)).split(' ')[0]
  }
  t.equal(firstOf('proxy', 'cost'), 'edge:cost')
  t.equal(firstOf('redirect', 'cost'), 'mid:commit-burst')
  t.equal(firstOf('proxy', 'proximity'), 'near:proximity')
  t.equal(firstOf('redirect', 'proximity'), 'mid:commit-burst')
})

t.test('prices of the continent where they are paid', async (t) => {
  const mid = quote(0.04, { prices: { EU: 0.01, default: 0.09 } })
  const quotes = { near: quote(0.05), mid, edge: quote(0.06) }
  t.match(order(decided(quotes)), /^near:cost edge:cost mid:cost/)
  t.match(order(decided(quotes, { pricedAt: 'EU' })), /^mid:cost near:cost/)
})

t.test('what is paid for goes first, and of that what would be lost', async (t) => {
  const open = { commit: 'open' as const }
  const quotes = { near: quote(0, { ...open, order: 1 }), mid: quote(0, { ...open, order: -6 }), edge: quote(0.01) }
  const decision = decided(quotes)
  t.equal(order(decision), 'mid:cost near:cost edge:cost far:proximity')
  t.same([...passedOver(decision)], [])
})

t.test('who would have been first but for its commit is told', async (t) => {
  const reached = (over: number) => quote(160, { commit: 'reached', order: over })
  const decision = decided({ near: reached(-7), mid: quote(0, { commit: 'open', order: -6 }), edge: reached(-5) })
  t.equal(order(decision), 'mid:cost near:cost edge:cost far:proximity')
  t.same([...passedOver(decision)], ['near'], 'not edge, which comes after mid')
})

t.test('burst_to takes what a commit does not pay for, under any strategy', async (t) => {
  const quotes = { near: quote(160, { commit: 'reached', order: -7 }), mid: quote(0.02), edge: quote(0.01) }
  for (const [strategy, burstTo, expected] of [
    ['cost', ['mid'], 'edge:cost mid:cost far:proximity'],
    ['cost', ['edge'], 'edge:commit-burst mid:cost far:proximity'],
    ['proximity', ['mid'], 'mid:commit-burst edge:proximity far:proximity'],
    ['proximity', ['far'], 'near:proximity mid:proximity edge:proximity far:proximity'],
  ] as const) {
    const decision = decided(quotes, { burstTo }, strategy)
    t.equal(order(decision), expected, `${strategy} ${burstTo}`)
    const rejected = decision.rejected.map(({ endpoint, reason }) => `${endpoint.cdnName}:${reason}`)
    t.same(rejected, expected.includes('near') ? [] : ['near:commit-reached'])
  }
})

t.test('burst_to: who is out of reach keeps its place behind, whatever its commit says', (t) => {
  const quotes = { far: quote(160, { commit: 'reached' }) }
  t.same(decided(quotes, { burstTo: ['mid'] }).rejected, [])
  t.end()
})

t.test('capacity: who is full is shed, and the next one takes over', async (t) => {
  const full = [standing('near', 0, { maxMbps: 10 }), standing('mid', 4)]
  const route = makeRoute(full, { policy: { strategy: 'cost' } })
  const decision = decide(route, HERE, makeWorld({}, { quotes: { near: quote(0, { full: true }), mid: quote(1) } }))
  t.same(
    decision.rejected.map(({ reason }) => reason),
    ['over-capacity'],
  )
  t.equal(decision.candidates[0]!.endpoint.cdnName, 'mid')
})
