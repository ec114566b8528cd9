import type { Endpoint, Route } from '../config/snapshot.ts'
import { decide } from './decide.ts'
import type { Decision } from './decision.ts'
import type { RequestFacts } from './request-facts.ts'
import { seededRandom } from './seeded-random.ts'
import type { Unfit } from './sift.ts'
import type { World } from './world.ts'

/** Who gets less than one request in so many may be overlooked. */
const POINTS = 128
const SEEDS = 32

/**
 * Every Decision that chance may make of this request, each order of candidates once. The first is the one of the
 * World's own chance. Where nothing is drawn, it is the only one.
 */
export function foresee(route: Route, request: RequestFacts, world: World, unfit?: Unfit): readonly Decision[] {
  let draws = 0
  const random = () => {
    draws++
    return world.random()
  }
  const draw: World['draw'] = (policy) => {
    draws++
    return world.draw(policy)
  }
  const first = decide(route, request, { ...world, random, draw }, unfit)
  if (draws === 0) return [first]
  const found = new Map([[orderOf(first), first]])
  for (const chance of chances()) {
    const decision = decide(route, request, { ...world, random: chance, draw: chance }, unfit)
    const order = orderOf(decision)
    if (!found.has(order)) found.set(order, decision)
  }
  return [...found.values()]
}

/** Which CDNs may be the first: names, that of the first Decision first. */
export function possibleFirsts(decisions: readonly Decision[]): readonly string[] {
  return [...new Set(firstEndpoints(decisions).map(({ cdnName }) => cdnName))]
}

/** The same for people, who see the URLs where it is endpoints of one CDN that are drawn. */
export function drawnAmong(decisions: readonly Decision[]): readonly string[] {
  const names = possibleFirsts(decisions)
  return names.length > 1 ? names : [...new Set(firstEndpoints(decisions).map(({ url }) => url))]
}

function firstEndpoints(decisions: readonly Decision[]): readonly Endpoint[] {
  return decisions.flatMap(({ candidates }) => candidates[0]?.endpoint ?? [])
}

/** Evenly spread for a single draw, which then misses nobody; and at random, for several that depend on each other. */
function* chances(): Generator<() => number> {
  for (let at = 0; at < POINTS; at++) {
    const point = (at + 0.5) / POINTS
    yield () => point
  }
  for (let seed = 0; seed < SEEDS; seed++) yield seededRandom(seed)
}

function orderOf({ candidates }: Decision): string {
  return candidates.map(({ endpoint, reason }) => `${endpoint.key} ${reason}`).join('\n')
}
