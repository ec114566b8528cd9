import type { Endpoint } from '../config/snapshot.ts'
import type { Standing, World } from './world.ts'

/** What may be supposed of a CDN; each but `healthy` is the reason that its endpoints are then rejected with. */
export const SUPPOSITIONS = [
  'unhealthy',
  'ejected',
  'corrupt',
  'circuit-open',
  'over-capacity',
  'drained',
  'healthy',
] as const satisfies readonly Standing[]

export type Supposition = (typeof SUPPOSITIONS)[number]

/** Supposed health, by the name of a CDN or the URL of one of its endpoints, which counts before the name. */
export type Given = ReadonlyMap<string, Supposition>

export const NOTHING_GIVEN: Given = new Map()

/** The same World but for what is given. It asks the other one and changes nothing in it. */
export function suppose(world: World, given: Given): World {
  if (given.size === 0) return world
  const supposed = ({ url, cdnName }: Endpoint) => given.get(url) ?? given.get(cdnName)
  return {
    ...world,
    standing: (endpoint, policy) => supposed(endpoint) ?? world.standing(endpoint, policy),
    ramp: (endpoint, policy) => (supposed(endpoint) === undefined ? world.ramp(endpoint, policy) : 1),
  }
}

/** `{ unhealthy: ['a', 'b'] }`, as questions and tests write it. */
export function describeGiven(given: Given): Record<string, string[]> {
  const byState: Record<string, string[]> = {}
  for (const [name, state] of given) {
    byState[state] ??= []
    byState[state].push(name)
  }
  return byState
}
