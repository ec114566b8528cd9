import type { Route, Site } from '../config/snapshot.ts'
import type { Decision } from './decision.ts'
import type { Ground, Question } from './explain.ts'
import { foresee } from './foresee.ts'
import { suppose } from './given.ts'
import { matchRoute } from './match.ts'
import { sentTo } from './redirects.ts'

/** What would become of a request, before anybody is asked. */
export interface Forecast {
  readonly site: string | null
  readonly route: string | null
  readonly policy: string | null
  /** One for each Decision that chance may make. */
  readonly cases: readonly ForecastCase[]
}

export interface ForecastCase {
  /** Who is asked first, or where the client is sent: the name of a CDN, `origin`, or `none`. */
  readonly cdn: string
  /** Of the first candidate; `origin`; null for none. */
  readonly reason: string | null
  /** To the first candidate, bias applied. */
  readonly km: number | null
  /** CDNs by rank, each endpoint once. */
  readonly candidates: readonly string[]
  /** Why CDNs are no candidates, by name; of several endpoints, the reason of the first. */
  readonly rejected: ReadonlyMap<string, string>
  /** What the gateway answers by itself; null: what an upstream answers. */
  readonly status: number | null
}

const NOBODY: ForecastCase = { cdn: 'none', reason: null, km: null, candidates: [], rejected: new Map(), status: null }

/** The status that a request is refused with which matches nothing, or cannot be read. */
export function refusedForecast(status: number): Forecast {
  return { site: null, route: null, policy: null, cases: [{ ...NOBODY, status }] }
}

export function forecast(question: Question, ground: Ground): Forecast {
  const { client, host, path, method, header } = question
  const facts = { method, path, client, place: ground.place(client), forced: null, header }
  const site = ground.findSite(host)
  if (site === null) return refusedForecast(404)
  const route = matchRoute(site, facts)
  if (route === null) return { ...refusedForecast(404), site: site.name }
  const names = { site: site.name, route: route.name, policy: route.policy.name }
  if (method !== 'GET' && method !== 'HEAD') return { ...names, cases: [passedOn(site)] }
  const decisions = foresee(route, facts, suppose(ground.world, ground.given))
  return { ...names, cases: decisions.map((decision) => caseOf(decision, { site, route, header, client })) }
}

/** Methods that are not steered. */
function passedOn({ unsafeEndpoints }: Site): ForecastCase {
  const to = unsafeEndpoints[0]?.cdnName
  return to === undefined ? { ...NOBODY, status: 405 } : { ...NOBODY, cdn: to, reason: to === 'origin' ? to : null }
}

interface Asked extends Pick<Question, 'header' | 'client'> {
  readonly site: Site
  readonly route: Route
}

function caseOf(decision: Decision, { site, route: { policy }, header, client }: Asked): ForecastCase {
  const { candidates, rejected } = decision
  const known = {
    candidates: candidates.map(({ endpoint }) => endpoint.cdnName),
    rejected: new Map(rejected.toReversed().map(({ endpoint, reason }) => [endpoint.cdnName, reason])),
  }
  const first = candidates[0]
  if (first !== undefined) {
    const status = sentTo(decision, { header, client }) === null ? null : policy.redirect.status
    return { ...known, cdn: first.endpoint.cdnName, reason: first.reason, km: first.km, status }
  }
  const usesOrigin = (policy.mode === 'origin' || policy.fallback === 'origin') && site.origin !== null
  return usesOrigin ? { ...NOBODY, ...known, cdn: 'origin', reason: 'origin' } : { ...NOBODY, ...known, status: 503 }
}
