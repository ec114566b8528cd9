import type { AcmeSettings } from '../acme/settings.ts'
import type { CompressSettings } from '../compression/settings.ts'
import type { NetworkSet } from '../geo/network-set.ts'
import type { Coordinates, Place } from '../geo/place.ts'
import type { ProviderName } from '../providers/index.ts'
import type { PurgeApi } from '../purging/apis/purge-api.ts'
import type { Signer } from '../signing/signer.ts'
import type { SteeringTest } from '../steering/expectation.ts'
import type { RejectionReason } from '../steering/reasons.ts'
import type { StrategyName } from '../steering/strategies/index.ts'
import type { TieBreakerName } from '../steering/tie-breakers/index.ts'
import type { CacheStorage, Caching } from './caching.ts'
import type { Content, ManifestSettings } from './content.ts'

/**
 * A compiled, frozen configuration. A request takes one and keeps it until it ends. Everything that can be computed
 * once is computed here: URLs are split, names are resolved, patterns are compiled, header names are lower-case.
 * Durations are milliseconds, sizes bytes, distances kilometres.
 */
export interface Snapshot {
  /** The first 12 hex digits of the SHA-256 of the source text: names a configuration in logs and metrics. */
  readonly id: string
  readonly listen: readonly Listener[]
  readonly admin: AdminSettings
  readonly gateway: GatewayPlace
  readonly trustedProxies: NetworkSet<true>
  readonly debug: { readonly clients: NetworkSet<true>; readonly token: string | null }
  readonly geoip: GeoSettings
  readonly cdns: readonly Cdn[]
  readonly sites: readonly Site[]
  readonly policies: readonly Policy[]
  /** Every distinct Endpoint of CDNs and origins as the sites see them, once each. */
  readonly endpoints: readonly Endpoint[]
  readonly limits: Limits
  /** After SIGTERM: how long connections are still accepted, then how long requests may still run. */
  readonly shutdown: { readonly delay: number; readonly timeout: number }
  readonly log: LogSettings
  /** Processes that serve; auto: one a core. */
  readonly workers: number | 'auto'
  /** An absolute path; null: nothing survives a restart. */
  readonly stateDir: string | null
  readonly cache: CacheStorage
  /** null: no certificates are ordered. */
  readonly acme: AcmeSettings | null
  /** What `polycdn test` runs. */
  readonly tests: readonly SteeringTest[]
}

export interface ListenAddress {
  /** An IP literal, IPv6 without brackets. */
  readonly host: string
  /** 0 lets the operating system choose. */
  readonly port: number
}

export interface AdminSettings extends ListenAddress {
  /** null: whoever reaches the address may ask; only loopback ones are without. */
  readonly token: string | null
}

/** Where clients connect, and what is spoken there. */
export interface Listener extends ListenAddress {
  /** Requests in the clear are answered with a redirect to https: the port to name where they name one themselves. */
  readonly httpsRedirect: number | null
  /** null: in the clear. */
  readonly tls: ListenerTls | null
  /** HTTP/2 without TLS, from clients that begin with it (RFC 9113 section 3.3). */
  readonly h2c: boolean
  /** Connections come from trusted proxies alone and begin with a PROXY header. */
  readonly proxyProtocol: boolean
}

export interface ListenerTls {
  readonly certificates: readonly Certificate[]
  /** Besides those above, certificates that are ordered. */
  readonly acme: boolean
}

/** PEM: a chain, the leaf first, and the private key of the leaf. */
export interface Certificate {
  readonly cert: string
  readonly key: string
}

export interface GatewayPlace {
  readonly location: Coordinates | null
  /** Our name in CDN-Loop (RFC 8586); null lets the process draw a random one. */
  readonly loopId: string | null
}

export interface GeoSettings {
  /** null is the bundled table. */
  readonly database: string | null
  /** null: AS numbers are not known. */
  readonly asnDatabase: string | null
  readonly reloadInterval: number
  readonly overrides: NetworkSet<Coordinates>
  readonly defaultLocation: Coordinates | null
}

export interface Cdn {
  readonly name: string
  readonly provider: ProviderName
  /** May be trusted without proof. Bytes of others are never served unproved. */
  readonly trust: boolean
  /** May resolve to private addresses though it is not trusted. */
  readonly allowPrivate: boolean
  /** Whose redirects are followed: `host`, `*.host`, either with `:port`. */
  readonly redirectHosts: readonly string[]
  readonly drain: boolean
  readonly weight: number
  readonly priority: number
  /** −99…99, as in geoproximity routing. */
  readonly bias: number
  readonly clientIp: 'none' | 'full'
  readonly headers: HeaderRules
  readonly healthCheck: HealthCheck | null
  readonly pricing: Pricing
  readonly commit: Commit | null
  /** Its capacity, Mbit/s; null: no limit. */
  readonly maxMbps: number | null
  /** Makes URLs that this Cdn believes; null: it believes all. */
  readonly signing: Signer | null
  /** How it is told to forget what it stores; null: it cannot be. */
  readonly purge: PurgeApi | null
}

/** What delivery costs, in any one currency. A GB is 10^9 bytes. */
export interface Pricing {
  /** Prices of a GB by how many there were this month, the lowest limit first; the last one is infinite. */
  readonly tiers: readonly { readonly upTo: number; readonly price: number }[]
  /** Instead of tiers: prices of a GB by continent; `default` is always there. */
  readonly byContinent: ReadonlyMap<string, number> | null
  readonly per10kRequests: number
}

/** What is paid for in any case: the part of it that is this gateway's. */
export interface Commit {
  /** The 95th percentile of 5-minute samples, or the volume of a month. */
  readonly kind: 'mbps' | 'gb'
  readonly amount: number
  readonly pricePerMonth: number
  /** The price of one more. */
  readonly overage: number
  /** Where its months begin. */
  readonly timezone: string
}

export interface HealthCheck {
  readonly path: string
  readonly interval: number
  readonly timeout: number
  readonly healthyThreshold: number
  readonly unhealthyThreshold: number
  readonly expectedStatus: readonly number[]
  /** Lower-case hexadecimal of the whole body; null: the body does not matter. */
  readonly expectedSha256: string | null
}

/** One base URL of a Cdn, or of an Origin, as one or more sites use it. */
export interface Endpoint {
  /** Names this endpoint across reloads, for health and pools: `cdn|url|host|…`. Equal keys, equal endpoints. */
  readonly key: string
  /** The name of the Cdn, or `origin` for an origin's. Metrics label. */
  readonly cdnName: string
  /** null for an Origin's endpoint. */
  readonly cdn: Cdn | null
  /** The base URL as configured, without a trailing slash. For people. */
  readonly url: string
  /** `https://host:port`, what is dialled. */
  readonly origin: string
  /** The path of the base URL without a trailing slash; often empty. */
  readonly basePath: string
  /** `{path}` for plain joining. Contains either `{path}` or `{ref}` exactly once, after the basePath. */
  readonly pathTemplate: string
  /** The Host header: a fixed value, or null to preserve the client's. */
  readonly hostHeader: string | null
  readonly tls: UpstreamTls | null
  /** Empty: anycast. */
  readonly locations: readonly Coordinates[]
  /** `auto`: the place of the endpoint's address is looked up when the configuration is loaded. */
  readonly locationAuto: boolean
  /** What is dialled may have a private address: of an origin, of a CDN that is trusted, or one that says so. */
  readonly allowPrivate: boolean
}

export interface UpstreamTls {
  /** SNI and the name that the certificate must carry: server_name ?? host_header ?? the URL's host. null for `preserve`: the request's host. */
  readonly serverName: string | null
  readonly verify: boolean
  /** PEM, read when the configuration is loaded. */
  readonly ca: string | null
  readonly clientCertificate: { readonly cert: string; readonly key: string } | null
}

/** Set and remove header fields; names are lower-case. `remove` runs first. */
export interface HeaderRules {
  readonly request: HeaderEdit
  readonly response: HeaderEdit
}

export interface HeaderEdit {
  readonly set: readonly (readonly [name: string, value: string])[]
  readonly remove: readonly string[]
}

export interface Site {
  readonly name: string
  /** Lower-case; `*.example.com` matches any depth below it, `*` everything. */
  readonly hosts: readonly string[]
  readonly origin: Origin | null
  /** Where methods other than GET and HEAD, and upgrades, go. null: the origin. */
  readonly unsafeEndpoints: readonly Endpoint[]
  readonly content: Content
  /** What proves bytes of any network; null: there is no manifest. */
  readonly manifest: ManifestSettings | null
  readonly routes: readonly Route[]
}

export interface Origin {
  readonly endpoints: readonly Endpoint[]
  /** Until the response headers, per try. */
  readonly timeout: number
  readonly headers: HeaderRules
  /** Requests that may wait for response headers at one of its endpoints. */
  readonly maxRequests: number
}

export interface Route {
  /** The configured name, or `routes[i]`. */
  readonly name: string
  readonly match: RouteMatch
  readonly policy: Policy
  /** The endpoints of policy.cdns as this site sees them. endpoints[i] stands at policy.geometry.points[i]. */
  readonly endpoints: readonly Endpoint[]
  /** Why endpoints[i] can serve none of its requests, as the configuration is; null: it may. */
  readonly unfit: readonly (RejectionReason | null)[]
  /** Some of its endpoints prove what they send. */
  readonly proves: boolean
  readonly geometry: Geometry
}

/** What must hold for a Route to be taken; null and empty mean everything. */
export interface RouteMatch {
  readonly path: RegExp | null
  readonly methods: ReadonlySet<string> | null
  /** ISO 3166-1 alpha-2. */
  readonly countries: ReadonlySet<string> | null
  /** AF AN AS EU NA OC SA. */
  readonly continents: ReadonlySet<string> | null
  readonly asns: ReadonlySet<number> | null
  readonly networks: NetworkSet<true> | null
  readonly headers: readonly (readonly [name: string, value: RegExp])[]
}

/**
 * Where the endpoints of a Route stand. Distances depend on a Place and a Geometry alone, so an order of endpoints is
 * computed once per pair and kept with the Place. Sites whose endpoints stand at the same places share one Geometry.
 */
export interface Geometry {
  readonly points: readonly { readonly locations: readonly Coordinates[]; readonly bias: number }[]
  /** What an anycast endpoint's distance counts as. Kilometres. */
  readonly anycastDistance: number
  /** Where the gateway stands, when distances are measured from it; null: from the client. */
  readonly measuredFrom: Coordinates | null
  /** Filled by steering/order. */
  readonly orders: WeakMap<Place, readonly Distance[]>
}

/** An endpoint's index in its Route and its distance in kilometres, bias applied. */
export interface Distance {
  readonly index: number
  readonly km: number
}

export type Mode = 'proxy' | 'redirect' | 'origin'
export type RetryOn = 'connect-failure' | 'reset' | 'response-timeout' | 'corrupt'

export type HashOn = 'path' | 'client-network' | { readonly header: string }

export interface Policy {
  readonly name: string
  readonly mode: Mode
  readonly redirect: { readonly status: 302 | 307; readonly maxAge: number }
  readonly strategy: StrategyName
  readonly tieThreshold: number
  /** Within it of the fastest, endpoints are equals. */
  readonly latencyTolerance: number
  /** What orders equals, one after the other. */
  readonly tieBreakers: readonly TieBreakerName[]
  /** What of a request strategy `hash` looks at; a header by its lower-case name. */
  readonly hashOn: HashOn
  /** Whether the clients of a network always get the same one of equals. */
  readonly affinity: 'none' | 'client-network'
  readonly cost: CostSettings
  readonly fallback: 'origin' | 'none'
  readonly retry: RetrySettings
  readonly hedge: HedgeSettings
  readonly outlier: OutlierSettings
  /** Requests that may wait for response headers at one endpoint. */
  readonly maxRequests: number
  /** Percent of healthy endpoints below which health is ignored; 0: only when none is healthy. */
  readonly panicThreshold: number
  /** How long an endpoint that came back takes to its full share. Milliseconds. */
  readonly slowStart: number
  readonly resume: ResumeSettings
  /** Whether bytes must be proved, are where they can be, or only those of endpoints that are not trusted. */
  readonly verify: 'required' | 'when-possible' | 'off'
  /** What is compressed for clients; null: nothing. */
  readonly compress: CompressSettings | null
  /** null: nothing is cached. */
  readonly cache: Caching | null
  readonly headers: HeaderRules
  readonly rateLimit: RateLimitSettings | null
}

/** What a lower price may cost otherwise, and who takes what a commit does not pay for. */
export interface CostSettings {
  /** Kilometres, and milliseconds: beyond the best of the candidates. */
  readonly maxExtraDistance: number
  readonly maxExtraLatency: number
  /** Names of CDNs. */
  readonly burstTo: readonly string[]
  /** The continent whose prices count: the gateway's, where bytes run through it; null: the client's. */
  readonly pricedAt: string | null
}

/** How many requests one client may send. `burst`: how many beyond the average at once. */
export interface RateLimitSettings {
  readonly requestsPerSecond: number
  readonly burst: number
  readonly by: 'client-address' | 'client-network'
}

export interface RetrySettings {
  /** All tries of candidates together, the first included. The origin is not counted. */
  readonly attempts: number
  readonly on: ReadonlySet<RetryOn>
  readonly onStatus: ReadonlySet<number>
  readonly connectTimeout: number
  readonly perTryTimeout: number
  /** All tries of candidates together, to response headers. */
  readonly timeout: number
  readonly bodyIdleTimeout: number
  /** Attempts beyond the free ones: percent of the requests of the last 10 s, plus a number a second. */
  readonly budgetPercent: number
  readonly budgetPerSecond: number
}

export interface HedgeSettings {
  readonly enabled: boolean
  /** When a second attempt starts beside the first: at this time, or at the endpoint's 95th percentile. Milliseconds. */
  readonly after: number | 'p95'
  readonly minDelay: number
  readonly maxExtraPercent: number
}

export interface ResumeSettings {
  readonly enabled: boolean
  /** What proves that the rest at another endpoint belongs to what the client has. */
  readonly require: 'strong-etag' | 'manifest' | 'length-and-date'
}

export interface OutlierSettings {
  readonly consecutiveFailures: number
  /** Of at least `minRequests` in `interval`. */
  readonly failurePercent: number
  readonly minRequests: number
  readonly interval: number
  readonly baseEjection: number
  readonly maxEjection: number
  readonly maxEjectionPercent: number
}

export interface Limits {
  readonly headers: number
  readonly headerCount: number
  readonly uri: number
  readonly body: number
  readonly headerTimeout: number
  readonly idleTimeout: number
  /** How long a client may take nothing of what waits for it. */
  readonly sendTimeout: number
  /** The least of a request body, after a grace; 0: any. Bytes a second. */
  readonly bodyMinRate: number
  readonly connections: number
  readonly connectionsPerAddress: number
}

export interface LogSettings {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly access: boolean
  readonly clientIp: 'full' | 'truncated' | 'none'
}
