import { createNetworkSet } from '../../geo/network-set.ts'
import { PROVIDERS } from '../../providers/index.ts'
import type { NamedFile } from '../compile.ts'
import type { Config } from '../schema/index.ts'
import type { Cdn, Endpoint, Origin, Policy, Route, RouteMatch, Site } from '../snapshot.ts'
import type { CdnConfig } from './cdn.ts'
import { compileContent, compileManifest } from './content.ts'
import type { EndpointPool } from './endpoints.ts'
import type { GeometryPool } from './geometry.ts'
import { compileHeaders } from './headers.ts'
import type { LocationPool } from './locations.ts'
import type { PolicyConfig } from './policy.ts'
import { isProved, unfitReason } from './unfit.ts'

type SiteConfig = Config['sites'][number]
type RouteConfig = SiteConfig['routes'][number]

/** What a site refers to by name, and the pools of what sites share. */
export interface SiteContext {
  /** Absolute: what relative paths start from. */
  readonly folder: string
  readonly files: ReadonlyMap<string, NamedFile>
  readonly cdns: ReadonlyMap<string, { readonly config: CdnConfig; readonly cdn: Cdn }>
  readonly policies: ReadonlyMap<string, { readonly config: PolicyConfig; readonly policy: Policy }>
  readonly endpoints: EndpointPool
  readonly locations: LocationPool
  readonly geometries: GeometryPool
}

interface SiteToCompile {
  readonly config: SiteConfig
  readonly proved: Pick<Site, 'content' | 'manifest'>
}

const EVERYTHING: RouteConfig = {
  policy: 'default',
  match: { methods: [], countries: [], continents: [], asns: [], networks: [], headers: {} },
}

export function compileSite(config: SiteConfig, context: SiteContext): Site {
  const origin = config.origin === null ? null : compileOrigin(config.origin, context.endpoints)
  const routes = config.routes.length === 0 ? [EVERYTHING] : config.routes
  const unsafe = config.unsafe_methods
  const proved = {
    content: compileContent(config.content, context.files),
    manifest: compileManifest(config.manifest, context.folder),
  }
  return {
    name: config.name,
    hosts: config.hosts,
    origin,
    unsafeEndpoints: unsafe === 'origin' ? (origin?.endpoints ?? []) : cdnEndpoints(unsafe, config, context),
    ...proved,
    routes: routes.map((route, index) => compileRoute(route, index, { config, proved }, context)),
  }
}

function compileOrigin(config: NonNullable<SiteConfig['origin']>, endpoints: EndpointPool): Origin {
  const { urls, host_header: hostHeader, tls } = config
  const shared = { cdn: null, hostHeader, pathTemplate: '{path}', tls, locations: [], locationAuto: false }
  return {
    endpoints: urls.map((url) => endpoints.add({ ...shared, url })),
    timeout: config.timeout,
    headers: compileHeaders(config.headers),
    maxRequests: config.circuit_breaker.max_requests,
  }
}

/** The endpoints of a CDN as this site sees them. */
function cdnEndpoints(name: string, site: SiteConfig, context: SiteContext): readonly Endpoint[] {
  const { config, cdn } = context.cdns.get(name)!
  const override = Object.hasOwn(site.cdns, name) ? site.cdns[name]! : {}
  const own = config.endpoints ?? [{ url: config.url! }]
  return own.map((entry) => {
    const { location, locations = location === undefined || location === 'auto' ? undefined : [location] } = entry
    const { host_header: host = config.host_header, path_template: template = config.path_template } = override
    return context.endpoints.add({
      cdn,
      url: override.url ?? entry.url,
      hostHeader: host,
      // A network without a usual one is not accepted without its own.
      pathTemplate: template ?? PROVIDERS[cdn.provider].pathTemplate ?? '{path}',
      tls: config.tls,
      locations: context.locations.add(location === 'auto' ? [] : (locations ?? config.locations)),
      locationAuto: location === 'auto',
    })
  })
}

function compileRoute(config: RouteConfig, index: number, site: SiteToCompile, context: SiteContext): Route {
  const { config: policyConfig, policy } = context.policies.get(config.policy)!
  const names = policy.mode === 'origin' ? [] : policyConfig.cdns
  const endpoints = names.flatMap((name) => cdnEndpoints(name, site.config, context))
  return {
    name: config.name ?? `routes[${index}]`,
    match: compileMatch(config.match),
    policy,
    endpoints,
    unfit: endpoints.map((endpoint) => unfitReason(endpoint, site.proved, policy)),
    proves: endpoints.some((endpoint) => isProved(endpoint, site.proved, policy)),
    geometry: context.geometries.add(policyConfig, endpoints),
  }
}

function compileMatch({ path, networks, headers, ...lists }: RouteConfig['match']): RouteMatch {
  return {
    path: path ?? null,
    methods: oneOf(lists.methods),
    countries: oneOf(lists.countries),
    continents: oneOf<string>(lists.continents),
    asns: oneOf(lists.asns),
    networks: networks.length === 0 ? null : createNetworkSet(networks.map((network) => [network, true] as const)),
    headers: Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const),
  }
}

function oneOf<T>(list: readonly T[]): ReadonlySet<T> | null {
  return list.length === 0 ? null : new Set(list)
}
