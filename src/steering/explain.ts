import type { Route, Site } from '../config/snapshot.ts'
import { PolycdnError } from '../errors.ts'
import type { Address } from '../geo/address.ts'
import type { Place } from '../geo/place.ts'
import { describeDecision } from './decision.ts'
import { drawnAmong, foresee } from './foresee.ts'
import { describeGiven, type Given, suppose } from './given.ts'
import { matchRoute, type SiteFinder } from './match.ts'
import { hasCdn } from './override.ts'
import type { RequestFacts } from './request-facts.ts'
import type { Unfit } from './sift.ts'
import type { World } from './world.ts'

/** The request that somebody asks about. */
export interface Question {
  readonly client: Address
  readonly host: string
  /** In its one spelling. */
  readonly path: string
  /** As it was sent. */
  readonly target: { readonly path: string; readonly query: string }
  readonly method: string
  header(name: string): string | null
}

/** The object that the request is for. */
export interface ExplainedObject extends Pick<Question, 'target'> {
  readonly site: Site
  readonly route: Route
  readonly facts: RequestFacts
}

/** What a request is explained with. */
export interface Ground {
  readonly findSite: SiteFinder
  readonly world: World
  /** What is supposed to be otherwise than the World says. */
  readonly given: Given
  /** Who cannot serve the object, besides those that its Route knows of, or why nobody may. Absent: nothing is known. */
  readonly unfit?: (asked: ExplainedObject) => Unfit | PolycdnError
  place(address: Address): Place
}

/**
 * What would be decided for such a request, as plain JSON: `decision` is the same object that the decision header shows.
 * `drawn`: chance has a part in the order, and each request draws for itself. Where that decides who is the first,
 * `drawn_among` names all who may be.
 */
export function explain(question: Question, ground: Ground): Record<string, unknown> {
  const { client, host, path, method, header } = question
  const place = ground.place(client)
  const forced = method === 'GET' || method === 'HEAD' ? header('polycdn-cdn') : null
  const facts = { method, path, client, place, forced, header }
  const given = ground.given.size === 0 ? {} : { given: describeGiven(ground.given) }
  const asked = { client: client.text, host, path, method, place, ...given }
  const site = ground.findSite(host)
  if (site === null) return { ...asked, site: null, problem: 'unknown_host' }
  const route = matchRoute(site, facts)
  if (route === null) return { ...asked, site: site.name, route: null, problem: 'no_route' }
  if (forced !== null && !hasCdn(route, forced)) {
    return { ...asked, site: site.name, route: route.name, problem: 'cdn_not_here' }
  }
  const passed = method !== 'GET' && method !== 'HEAD'
  const unfit = passed ? undefined : ground.unfit?.({ site, route, facts, target: question.target })
  if (unfit instanceof PolycdnError) {
    return { ...asked, site: site.name, route: route.name, problem: unfit.code }
  }
  const decisions = foresee(route, facts, suppose(ground.world, ground.given), unfit)
  const firsts = drawnAmong(decisions)
  const { mode, fallback } = route.policy
  const usesOrigin = forced === null && (mode === 'origin' || fallback === 'origin')
  return {
    ...asked,
    site: site.name,
    route: route.name,
    ...(passed ? { passed_to: site.unsafeEndpoints.map(({ cdnName, url }) => ({ cdn: cdnName, url })) } : {}),
    decision: describeDecision(decisions[0]!),
    drawn: decisions.length > 1,
    ...(firsts.length > 1 ? { drawn_among: firsts } : {}),
    fallback: usesOrigin ? (site.origin?.endpoints.map(({ url }) => url) ?? []) : [],
  }
}
