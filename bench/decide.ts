import type { Policy } from '../src/config/snapshot.ts'
import { UNPRICED } from '../src/costs/quote.ts'
import { worldOf } from '../src/gateway/serving.ts'
import { Board } from '../src/health/board.ts'
import { decide } from '../src/steering/decide.ts'
import { makeEndpoint, makeRoute, placeAt, requestAt, standing } from '../test/steering/support/build.ts'

/** What a decision costs, by strategy: the best of some rounds, since others use the machine too. Run: node bench/decide.ts */
const ROUNDS = 40
const DECISIONS = 20_000

const ENDPOINTS = [
  standing('a', 1),
  standing('b', 2),
  makeEndpoint('anycast'),
  standing('far', 90),
  standing('away', 150),
]

const CASES: Readonly<Record<string, readonly [policy: Partial<Policy>, measured: boolean]>> = {
  'proximity, no ties': [{ strategy: 'proximity', tieThreshold: 10 }, true],
  'proximity, three equals, by weight': [{ strategy: 'proximity', tieBreakers: ['weight'] }, true],
  'proximity, three equals, nothing measured': [{ strategy: 'proximity' }, false],
  'proximity, three equals, measured': [{ strategy: 'proximity' }, true],
  'proximity, three equals, affinity': [{ strategy: 'proximity', affinity: 'client-network' }, true],
  'latency, nothing measured': [{ strategy: 'latency' }, false],
  'latency, measured': [{ strategy: 'latency' }, true],
  weighted: [{ strategy: 'weighted' }, true],
  failover: [{ strategy: 'failover' }, true],
  'cost, no prices': [{ strategy: 'cost' }, true],
  'hash, path': [{ strategy: 'hash', hashOn: 'path' }, true],
  'hash, client network': [{ strategy: 'hash', hashOn: 'client-network' }, true],
}

for (const [name, [policy, measured]] of Object.entries(CASES)) {
  const board = new Board({ now: () => performance.now(), random: Math.random, onEvent: () => {} })
  board.retain(ENDPOINTS)
  const world = worldOf(board, Math.random, { quote: () => UNPRICED }, { has: () => false })
  const route = makeRoute(ENDPOINTS, { policy })
  const request = requestAt(placeAt(0), { path: '/assets/app/main.3f2a91.js' })
  const rounds = Array.from({ length: ROUNDS }, () => {
    if (measured) for (const [at, endpoint] of ENDPOINTS.entries()) board.answered(endpoint, 20 + 15 * at)
    const began = performance.now()
    for (let decision = 0; decision < DECISIONS; decision++) decide(route, request, world)
    return ((performance.now() - began) / DECISIONS) * 1e6
  })
  const best = Math.min(...rounds)
  console.log(`${name.padEnd(44)}${best.toFixed(0).padStart(6)} ns`)
}
