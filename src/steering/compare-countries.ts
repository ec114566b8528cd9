import type { Route, Site } from '../config/snapshot.ts'
import type { Place } from '../geo/place.ts'
import type { Question } from './explain.ts'
import { foresee, possibleFirsts } from './foresee.ts'
import { matchRoute } from './match.ts'
import { NEUTRAL_WORLD } from './world.ts'

/** Where a country's requests come from: its most central large airport. */
export interface CountryPlace {
  /** ISO 3166-1 alpha-2. */
  readonly code: string
  readonly place: Place
}

/** Who may be the first choice, sorted: CDNs, or `origin` or `none`. Several: chance decides for each request. */
export type FirstChoice = readonly string[]

export type Asked = Omit<Question, 'host' | 'target'>

/** The first choice of a route for a country; null where the route is not for that country. */
export function firstOfRoute(site: Site, route: Route, asked: Asked, { place }: CountryPlace): FirstChoice | null {
  // Who the client is and what it asks for is not the question here, only where it is.
  const anything = { ...route.match, path: null, methods: null, asns: null, networks: null, headers: [] }
  const open = { ...site, routes: [{ ...route, match: anything }] }
  return matchRoute(open, { ...asked, place, forced: null }) === null ? null : choiceOf(site, route, asked, place)
}

/** The first choice of a site for a request from a country, by whatever route takes it; null where none does. */
export function firstOfSite(site: Site, asked: Asked, { place }: CountryPlace): FirstChoice | null {
  const route = matchRoute(site, { ...asked, place, forced: null })
  return route === null ? null : choiceOf(site, route, asked, place)
}

function choiceOf(site: Site, route: Route, asked: Asked, place: Place): FirstChoice {
  const firsts = possibleFirsts(foresee(route, { ...asked, place, forced: null }, NEUTRAL_WORLD))
  if (firsts.length > 0) return firsts.toSorted()
  const usesOrigin = route.policy.mode === 'origin' || route.policy.fallback === 'origin'
  return [usesOrigin && site.origin !== null ? 'origin' : 'none']
}
