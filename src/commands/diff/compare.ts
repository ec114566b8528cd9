import type { Route, Site, Snapshot } from '../../config/snapshot.ts'
import { parseAddress } from '../../geo/address.ts'
import { allCountries } from '../../geo/countries.ts'
import {
  type Asked,
  type CountryPlace,
  type FirstChoice,
  firstOfRoute,
  firstOfSite,
} from '../../steering/compare-countries.ts'
import { indexSites } from '../../steering/match.ts'

/** Countries whose first choice changes in the same way. */
export interface Change {
  /** null: there was, or is, no such route for them. */
  readonly from: FirstChoice | null
  readonly to: FirstChoice | null
  /** ISO 3166-1 alpha-2. */
  readonly countries: readonly string[]
}

/** One route of a site, or one request to it. */
export interface Comparison {
  readonly site: string
  /** null: a whole request was compared, by whatever route. */
  readonly route: string | null
  readonly countries: number
  /** Most countries first; none: nothing changes. */
  readonly changes: readonly Change[]
}

const CLIENT = parseAddress('0.0.0.0')!

function askedFor(path: string): Asked {
  return { client: CLIENT, method: 'GET', path, header: () => null }
}

/** Every route that both configurations have, and those that only one of them has. */
export function compareRoutes(before: Snapshot, after: Snapshot): readonly Comparison[] {
  const asked = askedFor('/')
  return pairs(before.sites, after.sites).flatMap(([old, now]) =>
    pairs(old?.routes ?? [], now?.routes ?? []).map(([oldRoute, nowRoute]) => {
      const first = (site: Site | undefined, route: Route | undefined) => (at: CountryPlace) =>
        site === undefined || route === undefined ? null : firstOfRoute(site, route, asked, at)
      const names = { site: (now ?? old)!.name, route: (nowRoute ?? oldRoute)!.name }
      return { ...names, ...compare(first(old, oldRoute), first(now, nowRoute)) }
    }),
  )
}

/** One request, matched as the gateway would: to each site that both have, or to a host alone. */
export function compareRequest(
  before: Snapshot,
  after: Snapshot,
  { path, host }: { path: string; host: string | null },
): readonly Comparison[] {
  const asked = askedFor(path)
  const sites =
    host === null
      ? pairs(before.sites, after.sites)
      : [[indexSites(before.sites)(host) ?? undefined, indexSites(after.sites)(host) ?? undefined] as const]
  return sites.map(([old, now]) => {
    const first = (site: Site | undefined) => (at: CountryPlace) =>
      site === undefined ? null : firstOfSite(site, asked, at)
    return { site: (now ?? old)?.name ?? 'none', route: null, ...compare(first(old), first(now)) }
  })
}

type First = (at: CountryPlace) => FirstChoice | null

function compare(before: First, after: First): Pick<Comparison, 'countries' | 'changes'> {
  const groups = new Map<string, Change & { readonly countries: string[] }>()
  const places = countryPlaces()
  for (const at of places) {
    const from = before(at)
    const to = after(at)
    const key = JSON.stringify([from, to])
    if (JSON.stringify(from) === JSON.stringify(to)) continue
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { from, to, countries: [at.code] })
    else group.countries.push(at.code)
  }
  const changes = [...groups.values()].sort((a, b) => b.countries.length - a.countries.length)
  return { countries: places.length, changes }
}

/** Those where somebody lives. */
function countryPlaces(): readonly CountryPlace[] {
  return [...allCountries()].flatMap(([code, { continent, location }]) =>
    location === null
      ? []
      : [
          {
            code,
            place: { network: '0.0.0.0/0', source: 'database', location, country: code, continent, asn: null } as const,
          },
        ],
  )
}

/** What both lists have under the same name, in the order of the second, and what only the first one has. */
function pairs<T extends { readonly name: string }>(before: readonly T[], after: readonly T[]) {
  const gone = before.filter(({ name }) => !after.some((one) => one.name === name))
  return [
    ...after.map((one) => [before.find(({ name }) => name === one.name), one] as const),
    ...gone.map((one) => [one, undefined] as const),
  ]
}
