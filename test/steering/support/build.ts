import { unfitReason } from '../../../src/config/compile/unfit.ts'
import type {
  Cdn,
  Endpoint,
  Geometry,
  OutlierSettings,
  Policy,
  RetrySettings,
  Route,
  RouteMatch,
  Site,
} from '../../../src/config/snapshot.ts'
import { type Quote, UNPRICED } from '../../../src/costs/quote.ts'
import { parseAddress } from '../../../src/geo/address.ts'
import type { Coordinates, Place } from '../../../src/geo/place.ts'
import type { RequestFacts } from '../../../src/steering/request-facts.ts'
import type { Standing, World } from '../../../src/steering/world.ts'

const NO_EDITS = { set: [], remove: [] }
export const FREE = { tiers: [{ upTo: Number.POSITIVE_INFINITY, price: 0 }], byContinent: null, per10kRequests: 0 }
export const NO_HEADERS = { request: NO_EDITS, response: NO_EDITS }

/** On the equator, a degree of longitude is 111.195 km: distances that can be checked by hand. */
export const KM_PER_DEGREE = 111.195

export function at(longitude: number): Coordinates {
  return { latitude: 0, longitude }
}

export function placeAt(longitude: number | null): Place {
  const location = longitude === null ? null : at(longitude)
  const source = location === null ? 'none' : 'database'
  return { network: '192.0.2.0/24', source, location, country: null, continent: null, asn: null }
}

/** A request of a client who is there. */
export function requestAt(place: Place, over: Partial<RequestFacts> = {}): RequestFacts {
  return {
    method: 'GET',
    path: '/',
    client: parseAddress('192.0.2.7')!,
    place,
    forced: null,
    header: () => null,
    ...over,
  }
}

export function makeCdn(name: string, over: Partial<Cdn> = {}): Cdn {
  return {
    name,
    provider: 'http',
    trust: true,
    allowPrivate: false,
    redirectHosts: [],
    drain: false,
    weight: 100,
    priority: 0,
    bias: 0,
    clientIp: 'none',
    headers: NO_HEADERS,
    healthCheck: null,
    pricing: FREE,
    commit: null,
    maxMbps: null,
    signing: null,
    purge: null,
    ...over,
  }
}

/** An endpoint of a Cdn with these settings. Without locations: anycast. */
export function makeEndpoint(name: string, cdn: Partial<Cdn> = {}, over: Partial<Endpoint> = {}): Endpoint {
  const origin = `http://${name}.test`
  return {
    key: name,
    cdnName: name,
    cdn: makeCdn(name, cdn),
    url: origin,
    origin,
    basePath: '',
    pathTemplate: '{path}',
    hostHeader: `${name}.test`,
    tls: null,
    locations: [],
    locationAuto: false,
    allowPrivate: true,
    ...over,
  }
}

/** An endpoint `longitude` degrees east on the equator. */
export function standing(name: string, longitude: number, cdn: Partial<Cdn> = {}): Endpoint {
  return makeEndpoint(name, cdn, { locations: [at(longitude)] })
}

export const RETRY: RetrySettings = {
  attempts: 3,
  on: new Set(['connect-failure', 'reset', 'response-timeout', 'corrupt'] as const),
  onStatus: new Set([500, 502, 503, 504]),
  connectTimeout: 2000,
  perTryTimeout: 5000,
  timeout: 15_000,
  bodyIdleTimeout: 30_000,
  budgetPercent: 20,
  budgetPerSecond: 10,
}

export const OUTLIER: OutlierSettings = {
  consecutiveFailures: 5,
  failurePercent: 50,
  minRequests: 20,
  interval: 10_000,
  baseEjection: 30_000,
  maxEjection: 300_000,
  maxEjectionPercent: 100,
}

export function makePolicy(over: Partial<Policy> = {}): Policy {
  return {
    name: 'default',
    mode: 'proxy',
    redirect: { status: 302, maxAge: 0 },
    strategy: 'proximity',
    tieThreshold: 500,
    latencyTolerance: 20,
    tieBreakers: ['latency', 'weight'],
    hashOn: 'path',
    affinity: 'none',
    cost: { maxExtraDistance: 1000, maxExtraLatency: 50, burstTo: [], pricedAt: null },
    fallback: 'origin',
    retry: RETRY,
    hedge: { enabled: false, after: 'p95', minDelay: 500, maxExtraPercent: 1 },
    outlier: OUTLIER,
    maxRequests: 1024,
    panicThreshold: 0,
    slowStart: 10_000,
    resume: { enabled: true, require: 'strong-etag' },
    verify: 'when-possible',
    compress: null,
    cache: null,
    headers: NO_HEADERS,
    rateLimit: null,
    ...over,
  }
}

export function makeGeometry(endpoints: readonly Endpoint[], over: Partial<Geometry> = {}): Geometry {
  const points = endpoints.map(({ locations, cdn }) => ({ locations, bias: cdn?.bias ?? 0 }))
  return { points, anycastDistance: 500, measuredFrom: null, orders: new WeakMap(), ...over }
}

const EVERYTHING: RouteMatch = {
  path: null,
  methods: null,
  countries: null,
  continents: null,
  asns: null,
  networks: null,
  headers: [],
}

const UNPROVED = { content: { complete: false, ipfs: null, arweave: null }, manifest: null }

export interface RouteSpec {
  readonly name?: string
  readonly policy?: Partial<Policy>
  readonly geometry?: Partial<Geometry>
  readonly match?: Partial<RouteMatch>
}

export function makeRoute(endpoints: readonly Endpoint[], spec: RouteSpec = {}): Route {
  const policy = makePolicy(spec.policy)
  return {
    name: spec.name ?? 'routes[0]',
    match: { ...EVERYTHING, ...spec.match },
    policy,
    endpoints,
    unfit: endpoints.map((endpoint) => unfitReason(endpoint, UNPROVED, policy)),
    proves: false,
    geometry: makeGeometry(endpoints, { anycastDistance: policy.tieThreshold, ...spec.geometry }),
  }
}

export function makeSite(name: string, hosts: readonly string[], over: Partial<Site> = {}): Site {
  return { name, hosts, origin: null, unsafeEndpoints: [], routes: [], ...UNPROVED, ...over }
}

/** Gives the numbers one after the other and fails when they are used up. */
export function scripted(...numbers: readonly number[]): () => number {
  let next = 0
  return () => {
    const number = numbers[next++]
    if (number === undefined) throw new Error(`more than ${numbers.length} random numbers were asked for`)
    return number
  }
}

/** What makeWorld may be told beside standings, by the name of the Cdn. */
export interface WorldSpec {
  readonly random?: () => number
  readonly ramp?: Readonly<Record<string, number>>
  readonly lastSuccess?: Readonly<Record<string, number>>
  /** The number that weights are drawn with. */
  readonly draw?: () => number
  /** What was measured just now, in ms; `usual` where it usually takes something else. */
  readonly latency?: Readonly<Record<string, number>>
  readonly usual?: Readonly<Record<string, number>>
  /** Since when nothing new is known. */
  readonly age?: number
  readonly pending?: Readonly<Record<string, number>>
  readonly quotes?: Readonly<Record<string, Quote>>
}

/** A World with these standings, by the name of their Cdn. Chance is not to be used unless it is given. */
export function makeWorld(standings: Readonly<Record<string, Standing>> = {}, spec: WorldSpec = {}): World {
  const { random = scripted(), draw = scripted(), ramp = {}, lastSuccess = {}, quotes = {} } = spec
  const { latency = {}, usual = {}, age = 0, pending = {} } = spec
  const measured = ({ cdnName }: Endpoint) => {
    const now = latency[cdnName]
    return now === undefined ? null : { now, usual: usual[cdnName] ?? now, age }
  }
  return {
    random,
    draw,
    standing: ({ cdnName }) => standings[cdnName] ?? 'healthy',
    ramp: ({ cdnName }) => ramp[cdnName] ?? 1,
    lastSuccess: ({ cdnName }) => lastSuccess[cdnName] ?? 0,
    measured,
    latency: (endpoint) => measured(endpoint)?.now ?? null,
    pending: ({ cdnName }) => pending[cdnName] ?? 0,
    quote: ({ cdnName }) => quotes[cdnName] ?? UNPRICED,
  }
}
