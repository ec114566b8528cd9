import { Cache } from '../../../src/cache/cache.ts'
import type { DiskTier } from '../../../src/cache/disk.ts'
import { Purges } from '../../../src/cache/purges.ts'
import { unfitReason } from '../../../src/config/compile/unfit.ts'
import type {
  Cdn,
  Endpoint,
  HeaderRules,
  Limits,
  Listener,
  Origin,
  OutlierSettings,
  Policy,
  RetrySettings,
  Route,
  Site,
  Snapshot,
  UpstreamTls,
} from '../../../src/config/snapshot.ts'
import { Tally } from '../../../src/costs/growth.ts'
import { Sizes } from '../../../src/costs/sizes.ts'
import { NO_QUOTES } from '../../../src/costs/told-quotes.ts'
import { Budgets } from '../../../src/delivery/budgets.ts'
import { Timers } from '../../../src/delivery/timers.ts'
import { Transport } from '../../../src/delivery/transport.ts'
import { worldOf } from '../../../src/gateway/serving.ts'
import { type Network, parseNetwork } from '../../../src/geo/network.ts'
import { createNetworkSet } from '../../../src/geo/network-set.ts'
import type { Place } from '../../../src/geo/place.ts'
import { Board } from '../../../src/health/board.ts'
import { Drains } from '../../../src/health/drains.ts'
import { Encoders } from '../../../src/http/encoders.ts'
import type { Generation } from '../../../src/http/generation.ts'
import { RateLimits } from '../../../src/http/rate-limits.ts'
import type { Services } from '../../../src/http/services.ts'
import { ManifestShelf } from '../../../src/manifest/shelf.ts'
import { AccessLog, type AccessRecord } from '../../../src/observe/access-log.ts'
import { Log } from '../../../src/observe/log.ts'
import { Metrics } from '../../../src/observe/metrics.ts'
import { Pressure, type Vitals } from '../../../src/observe/pressure.ts'
import type { LineSink } from '../../../src/observe/sink.ts'
import type { Names } from '../../../src/proofs/names.ts'
import { Proofs } from '../../../src/proofs/proofs.ts'
import { indexSites } from '../../../src/steering/match.ts'
import type { Scope } from '../../helpers/scope.ts'
import { until } from '../../helpers/wait.ts'

/** Keeps lines instead of writing them. */
export class Lines implements LineSink {
  readonly all: string[] = []

  write(line: string): void {
    this.all.push(line)
  }

  /** Every line, parsed. */
  get records(): Record<string, unknown>[] {
    return this.all.map((line) => JSON.parse(line))
  }
}

export const NO_RULES: HeaderRules = { request: { set: [], remove: [] }, response: { set: [], remove: [] } }
export const NO_PLACE: Place = {
  network: '0.0.0.0/0',
  source: 'none',
  location: null,
  country: null,
  continent: null,
  asn: null,
}

/** TLS as the tests' certificates need it. */
export function upstreamTls(over: Partial<UpstreamTls> = {}): UpstreamTls {
  return { serverName: 'localhost', verify: true, ca: null, clientCertificate: null, ...over }
}

/** An endpoint at a URL: an origin's unless `over` has a cdn. */
export function endpoint(url: string, over: Partial<Endpoint> = {}): Endpoint {
  const { origin, pathname, protocol, hostname } = new URL(url)
  const cdn = over.cdn ?? null
  const cdnName = cdn?.name ?? 'origin'
  return {
    key: `${cdnName}|${url}|${over.hostHeader ?? ''}|${over.tls?.serverName ?? ''}`,
    cdnName,
    cdn,
    url: url.replace(/\/$/, ''),
    origin,
    basePath: pathname.replace(/\/$/, ''),
    pathTemplate: '{path}',
    hostHeader: null,
    tls: protocol === 'https:' ? upstreamTls({ serverName: hostname }) : null,
    locations: [],
    locationAuto: false,
    allowPrivate: true,
    ...over,
  }
}

export function cdn(name: string, over: Partial<Cdn> = {}): Cdn {
  const rest = {
    allowPrivate: false,
    redirectHosts: [],
    weight: 100,
    priority: 0,
    bias: 0,
    clientIp: 'none' as const,
    headers: NO_RULES,
    healthCheck: null,
    pricing: { tiers: [{ upTo: Number.POSITIVE_INFINITY, price: 0 }], byContinent: null, per10kRequests: 0 },
    commit: null,
    maxMbps: null,
    signing: null,
    purge: null,
  }
  return { name, provider: 'http', trust: true, drain: false, ...rest, ...over }
}

/** The reference's defaults. */
export const OUTLIER: OutlierSettings = {
  consecutiveFailures: 5,
  failurePercent: 50,
  minRequests: 20,
  interval: 10_000,
  baseEjection: 30_000,
  maxEjection: 300_000,
  maxEjectionPercent: 100,
}

/** The reference's defaults, but for no slow start, and equals in the order given. */
export function policy(over: Partial<Policy> = {}, retry: Partial<RetrySettings> = {}): Policy {
  return {
    name: 'default',
    mode: 'proxy',
    redirect: { status: 302, maxAge: 0 },
    strategy: 'failover',
    tieThreshold: 500,
    latencyTolerance: 20,
    tieBreakers: [],
    hashOn: 'path',
    affinity: 'none',
    cost: { maxExtraDistance: 1000, maxExtraLatency: 50, burstTo: [], pricedAt: null },
    fallback: 'origin',
    retry: {
      attempts: 3,
      on: new Set(['connect-failure', 'reset', 'response-timeout', 'corrupt']),
      onStatus: new Set([500, 502, 503, 504, 520, 521, 522, 523, 524, 525, 526, 527, 530]),
      connectTimeout: 2_000,
      perTryTimeout: 5_000,
      timeout: 15_000,
      bodyIdleTimeout: 30_000,
      budgetPercent: 20,
      budgetPerSecond: 10,
      ...retry,
    },
    hedge: { enabled: false, after: 'p95', minDelay: 500, maxExtraPercent: 1 },
    outlier: OUTLIER,
    maxRequests: 1024,
    panicThreshold: 0,
    slowStart: 0,
    resume: { enabled: true, require: 'strong-etag' },
    verify: 'when-possible',
    compress: null,
    cache: null,
    headers: NO_RULES,
    rateLimit: null,
    ...over,
  }
}

const NO_NAMES: Names = {
  ipfs: () => Promise.reject(new Error('there are no names here')),
  arns: () => Promise.reject(new Error('there are no names here')),
}

const NO_CONTENT = { complete: false, ipfs: null, arweave: null }

export interface TestSite {
  readonly name?: string
  /** Default: any host. */
  readonly hosts?: readonly string[]
  /** The origin's endpoints; none: no origin. */
  readonly origin?: readonly Endpoint[]
  readonly originOver?: Partial<Origin>
  /** The endpoints of the CDNs of the one route. */
  readonly endpoints?: readonly Endpoint[]
  /** Default: the origin's. */
  readonly unsafeEndpoints?: readonly Endpoint[]
  readonly policy?: Policy
  readonly route?: Partial<Route>
}

export function site(spec: TestSite = {}): Site {
  const { name = 'www', hosts = ['*'], origin = [], endpoints = [] } = spec
  const chosen = spec.policy ?? policy()
  const points = endpoints.map(({ locations, cdn }) => ({ locations, bias: cdn?.bias ?? 0 }))
  const geometry = { points, anycastDistance: chosen.tieThreshold, measuredFrom: null, orders: new WeakMap() }
  const everything = {
    path: null,
    methods: null,
    countries: null,
    continents: null,
    asns: null,
    networks: null,
    headers: [],
  }
  const proved = { content: NO_CONTENT, manifest: null }
  const unfit = endpoints.map((endpoint) => unfitReason(endpoint, proved, chosen))
  const route: Route = {
    name: 'all',
    match: everything,
    policy: chosen,
    endpoints,
    unfit,
    proves: false,
    geometry,
    ...spec.route,
  }
  return {
    name,
    hosts,
    origin:
      origin.length === 0
        ? null
        : { endpoints: origin, timeout: 60_000, headers: NO_RULES, maxRequests: 256, ...spec.originOver },
    unsafeEndpoints: spec.unsafeEndpoints ?? origin,
    ...proved,
    routes: [route],
  }
}

export interface TestSnapshot {
  readonly sites: readonly Site[]
  readonly limits?: Partial<Limits>
  readonly over?: Partial<Snapshot>
}

const LOOPBACK = ['127.0.0.0/8', '::1/128']

/** A set of the networks in CIDR form. */
export function networkSet(networks: readonly string[]) {
  const parsed = networks.map((text): readonly [Network, true] => {
    const result = parseNetwork(text)
    if ('problem' in result) throw new Error(result.problem)
    return [result.network, true]
  })
  return createNetworkSet<true>(parsed)
}

export function listener(over: Partial<Listener> = {}): Listener {
  return { host: '127.0.0.1', port: 0, httpsRedirect: null, tls: null, h2c: false, proxyProtocol: false, ...over }
}

export function snapshot({ sites, limits = {}, over = {} }: TestSnapshot): Snapshot {
  const endpoints = sites.flatMap((each) => [
    ...each.unsafeEndpoints,
    ...(each.origin?.endpoints ?? []),
    ...each.routes.flatMap((route) => route.endpoints),
  ])
  const policies = [...new Set(sites.flatMap((each) => each.routes.map((route) => route.policy)))]
  return {
    id: '0123456789ab',
    listen: [listener()],
    admin: { host: '127.0.0.1', port: 0, token: null },
    gateway: { location: null, loopId: 'polycdn-test' },
    trustedProxies: networkSet([]),
    debug: { clients: networkSet(LOOPBACK), token: null },
    geoip: {
      database: null,
      asnDatabase: null,
      reloadInterval: 300_000,
      overrides: createNetworkSet([]),
      defaultLocation: null,
    },
    cdns: [...new Set(endpoints.flatMap((each) => each.cdn ?? []))],
    sites,
    policies,
    endpoints: [...new Map(endpoints.map((each) => [each.key, each])).values()],
    limits: {
      headers: 16 * 1024,
      headerCount: 100,
      uri: 8 * 1024,
      body: 1024 ** 3,
      headerTimeout: 10_000,
      idleTimeout: 75_000,
      sendTimeout: 60_000,
      bodyMinRate: 240,
      connections: 20_000,
      connectionsPerAddress: 256,
      ...limits,
    },
    tests: [],
    log: { level: 'debug', access: true, clientIp: 'full' },
    workers: 1,
    stateDir: null,
    cache: { memory: 64 * 1024 ** 2, disk: null },
    acme: null,
    shutdown: { delay: 0, timeout: 30_000 },
    ...over,
  }
}

/** Real services around a hand-made Snapshot. */
export class TestServices implements Services {
  readonly manifests = new ManifestShelf()
  /** Replaced: what was proved before is forgotten. */
  proofs = this.newProofs()
  readonly accessLines = new Lines()
  readonly logLines = new Lines()
  /** What deadlines and hooks threw: to be empty. */
  readonly errors: unknown[] = []
  readonly timers = new Timers((error) => this.errors.push(error))
  readonly metrics = new Metrics({ version: 'test', node: 'test' }, { processMetrics: false })
  readonly log = new Log({ sink: this.logLines, now: Date.now, level: 'debug' })
  readonly accessLog = new AccessLog(this.accessLines)
  readonly board = new Board({ now: () => this.timers.now(), random: () => 0.5, onEvent: () => {} })
  readonly health = this.board
  readonly challenges = new Map<string, string>()
  readonly budgets = new Budgets(1)
  readonly rateLimits = new RateLimits(1)
  /** Replaced where there is to be no room. */
  encoders = new Encoders(this.metrics)
  /** What the next look of `pressure` finds. */
  vitals: Vitals = { delay: 0, heap: 0, memory: 0 }
  readonly pressure = new Pressure({ vitals: () => this.vitals, random: () => 0.5, onChange: () => {} })
  readonly meter = new Tally()
  readonly sizes = new Sizes()
  readonly drains = new Drains()
  readonly purges = new Purges()
  cache = this.newCache()
  readonly world = worldOf(this.board, () => 0, NO_QUOTES, this.drains)
  /** Where every client is. */
  where: Place = NO_PLACE
  #generation: Generation

  constructor(first: Snapshot) {
    this.#generation = generationOf(first)
    this.board.retain(first.endpoints)
  }

  /** @param names none: nobody is asked for any */
  newProofs(names: Names = NO_NAMES): Proofs {
    return new Proofs({ manifests: this.manifests, names, now: Date.now })
  }

  /** @param disk none: only memory keeps answers */
  newCache(disk: DiskTier | null = null, memory = 64 * 1024 ** 2): Cache {
    const after = (ms: number, expire: () => void) => this.timers.after(ms, expire)
    return new Cache({ memory, disk, claims: null, purges: this.purges, now: Date.now, after })
  }

  current(): Generation {
    return this.#generation
  }

  challenge(token: string): string | undefined {
    return this.challenges.get(token)
  }

  place(): Place {
    return this.where
  }

  /** A reload: returns what becomes of the old Generation's transport. */
  reload(next: Snapshot): Promise<void> {
    const old = this.#generation
    this.#generation = generationOf(next, old.transport)
    this.board.retain(next.endpoints)
    return old.transport.retire()
  }

  /** Waits until so many requests have ended, and gives their lines in the access log. */
  async ended(count: number): Promise<AccessRecord[]> {
    const what = () => `${count} lines in ${JSON.stringify(this.accessLines.all)}`
    await until(() => this.accessLines.all.length >= count, { what })
    return this.accessLines.records as unknown as AccessRecord[]
  }

  async close(): Promise<void> {
    this.timers.close()
    this.pressure.close()
    await this.#generation.transport.destroy()
  }
}

function generationOf(of: Snapshot, previous?: Transport): Generation {
  const transport = new Transport(of.endpoints, previous)
  return { snapshot: of, findSite: indexSites(of.sites), transport, loopId: of.gateway.loopId ?? 'polycdn-test' }
}

/** Services that end with the scope. */
export function testServices(scope: Scope, of: TestSnapshot): TestServices {
  const services = new TestServices(snapshot(of))
  scope.teardown(() => services.close())
  return services
}
