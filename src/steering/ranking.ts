import type { Endpoint } from '../config/snapshot.ts'
import type { Candidate } from './decision.ts'
import type { World } from './world.ts'

/** Ranks these endpoints of a Route, given as indexes, as its Policy says. */
export type Ranking = (indexes: readonly number[]) => Candidate[]

/** Most recent success first; equal ones keep their order. */
export function byLastSuccess<T extends { readonly endpoint: Endpoint }>(items: readonly T[], world: World): T[] {
  const times = new Map(items.map((item) => [item, world.lastSuccess(item.endpoint)]))
  return items.toSorted((a, b) => compare(times.get(b)!, times.get(a)!))
}

/** Also for two that never were: infinities have no difference. */
function compare(a: number, b: number): number {
  return a === b ? 0 : a - b
}
