import type { Route, Site } from '../config/snapshot.ts'
import type { RequestFacts } from './request-facts.ts'

/** Finds the Site of a host name (lower-case, no port): exact first, then the longest wildcard, then `*`. */
export type SiteFinder = (host: string) => Site | null

/** Indexes the sites so that a look-up costs one hash per label of the name, however many sites there are. */
export function indexSites(sites: readonly Site[]): SiteFinder {
  const exact = new Map<string, Site>()
  const wildcards = new Map<string, Site>()
  let any: Site | null = null
  for (const site of sites) {
    for (const host of site.hosts) {
      if (host === '*') any = site
      else if (host.startsWith('*.')) wildcards.set(host.slice(2), site)
      else exact.set(host, site)
    }
  }
  return (host) => {
    const found = exact.get(host)
    if (found !== undefined) return found
    if (wildcards.size > 0) {
      for (let dot = host.indexOf('.'); dot !== -1; dot = host.indexOf('.', dot + 1)) {
        const wild = wildcards.get(host.slice(dot + 1))
        if (wild !== undefined) return wild
      }
    }
    return any
  }
}

/** The first Route of the Site that matches, or null. */
export function matchRoute(site: Site, request: RequestFacts): Route | null {
  for (const route of site.routes) {
    if (matches(route, request)) return route
  }
  return null
}

function matches({ match }: Route, request: RequestFacts): boolean {
  if (!allows(match.methods, request.method)) return false
  if (match.path !== null && !match.path.test(request.path)) return false
  const { country, continent, asn } = request.place
  if (!allows(match.countries, country) || !allows(match.continents, continent)) return false
  if (!allows(match.asns, asn)) return false
  if (match.networks !== null && match.networks.match(request.client) === null) return false
  return match.headers.every(([name, value]) => {
    const sent = request.header(name)
    return sent !== null && value.test(sent)
  })
}

/** What is not known is in no set. */
function allows<T>(set: ReadonlySet<T> | null, value: T | null): boolean {
  return set === null || (value !== null && set.has(value))
}
