import type { Address } from '../geo/address.ts'
import type { Place } from '../geo/place.ts'
import { decide } from './decide.ts'
import { describeDecision } from './decision.ts'
import { matchRoute, type SiteFinder } from './match.ts'
import type { World } from './world.ts'

/** The request that somebody asks about. */
export interface Question {
  readonly client: Address
  readonly host: string
  readonly path: string
  readonly method: string
  header(name: string): string | null
}

/** What a request is explained with. */
export interface Ground {
  readonly findSite: SiteFinder
  readonly world: World
  place(address: Address): Place
}

/** What would be decided for such a request, as plain JSON: the same object that the decision header shows. */
export function explain(question: Question, ground: Ground): Record<string, unknown> {
  const { client, host, path, method, header } = question
  const place = ground.place(client)
  const facts = { method, path, client, place, header }
  const asked = { client: client.text, host, path, method, place }
  const site = ground.findSite(host)
  if (site === null) return { ...asked, site: null, problem: 'unknown_host' }
  const route = matchRoute(site, facts)
  if (route === null) return { ...asked, site: site.name, route: null, problem: 'no_route' }
  const decision = decide(route, facts, ground.world)
  const { mode, fallback } = route.policy
  const usesOrigin = mode === 'origin' || fallback === 'origin'
  const passed = method !== 'GET' && method !== 'HEAD'
  return {
    ...asked,
    site: site.name,
    route: route.name,
    ...(passed ? { passed_to: site.unsafeEndpoints.map(({ cdnName, url }) => ({ cdn: cdnName, url })) } : {}),
    decision: describeDecision(decision),
    fallback: usesOrigin ? (site.origin?.endpoints.map(({ url }) => url) ?? []) : [],
  }
}
