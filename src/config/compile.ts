import { continentAt } from '../geo/countries.ts'
import { type Network, parseNetwork } from '../geo/network.ts'
import { createNetworkSet } from '../geo/network-set.ts'
import type { Coordinates } from '../geo/place.ts'
import { compileAcme } from './compile/acme.ts'
import { compileStorage } from './compile/caching.ts'
import { compileCdn } from './compile/cdn.ts'
import { EndpointPool } from './compile/endpoints.ts'
import { deepFreeze } from './compile/freeze.ts'
import { GeometryPool } from './compile/geometry.ts'
import { compileListeners } from './compile/listeners.ts'
import { LocationPool } from './compile/locations.ts'
import { compilePolicy } from './compile/policy.ts'
import { compileSite, type SiteContext } from './compile/site.ts'
import { compileTests } from './compile/tests.ts'
import type { Config } from './schema/index.ts'
import type { GeoSettings, Limits, Snapshot } from './snapshot.ts'

/** A file that the configuration names. */
export interface NamedFile {
  readonly text: string
  /** Hexadecimal; equal for equal contents. */
  readonly hash: string
}

/** What a configuration needs besides its own text. */
export interface CompileInput {
  /** Names the snapshot. */
  readonly id: string
  /** Every file that the configuration names, by its name there. */
  readonly files: ReadonlyMap<string, NamedFile>
  /** The absolute path of geoip.database; null for the bundled table. */
  readonly database: string | null
  /** The absolute path of geoip.asn_database; null for none. */
  readonly asnDatabase: string | null
  /** The absolute path of state_dir; null for nowhere. */
  readonly stateDir: string | null
  /** The absolute path of what relative paths start from. */
  readonly folder: string
}

/** Turns a Config, which is known to be right, into what requests work with. Pure: equal inputs, equal snapshots. */
export function compile(config: Config, { id, files, stateDir, folder, ...databases }: CompileInput): Snapshot {
  const { location } = config.gateway
  const continent = location === null ? null : continentAt(location)
  const context = {
    folder,
    files,
    cdns: new Map(config.cdns.map((cdn) => [cdn.name, { config: cdn, cdn: compileCdn(cdn, files) }])),
    policies: new Map(
      Object.entries(config.policies).map(([name, policy]) => [
        name,
        { config: policy, policy: compilePolicy(name, policy, continent) },
      ]),
    ),
    endpoints: new EndpointPool(files),
    locations: new LocationPool(),
    geometries: new GeometryPool(location),
  } satisfies SiteContext
  const sites = config.sites.map((site) => compileSite(site, context))
  return deepFreeze<Snapshot>({
    id,
    listen: compileListeners(config.listen, files),
    admin: { ...config.admin.address, token: config.admin.token },
    gateway: { location, loopId: config.gateway.loop_id },
    trustedProxies: networkSet(config.trusted_proxies),
    debug: { clients: networkSet(config.debug.clients), token: config.debug.token },
    geoip: compileGeo(config.geoip, databases),
    cdns: [...context.cdns.values()].map(({ cdn }) => cdn),
    sites,
    policies: [...context.policies.values()].map(({ policy }) => policy),
    endpoints: context.endpoints.all,
    limits: compileLimits(config.limits),
    shutdown: config.shutdown,
    log: { level: config.log.level, access: config.log.access, clientIp: config.log.client_ip },
    workers: config.workers,
    stateDir,
    cache: compileStorage(config.cache, folder),
    acme: compileAcme(config, stateDir),
    tests: compileTests(config.tests),
  })
}

function networkSet(networks: readonly Network[]) {
  return createNetworkSet(networks.map((network) => [network, true] as const))
}

function compileGeo(config: Config['geoip'], databases: Pick<GeoSettings, 'database' | 'asnDatabase'>): GeoSettings {
  const overrides: (readonly [Network, Coordinates])[] = []
  for (const [text, location] of Object.entries(config.overrides)) {
    const parsed = parseNetwork(text)
    if ('network' in parsed) overrides.push([parsed.network, location])
  }
  return {
    ...databases,
    reloadInterval: config.reload_interval,
    overrides: createNetworkSet(overrides),
    defaultLocation: config.default_location,
  }
}

function compileLimits(config: Config['limits']): Limits {
  return {
    headers: config.headers,
    headerCount: config.header_count,
    uri: config.uri,
    body: config.body,
    headerTimeout: config.header_timeout,
    idleTimeout: config.idle_timeout,
    sendTimeout: config.send_timeout,
    bodyMinRate: config.body_min_rate,
    connections: config.connections,
    connectionsPerAddress: config.connections_per_address,
  }
}
