/** The configuration that most scenarios share: three edges as three CDNs, one site for every host. */

export interface Edge {
  readonly name: string
  readonly url: string
}

export interface TopologyOptions {
  /** In the order of the policy. */
  readonly edges: readonly Edge[]
  readonly origin?: string
  /** Locations by the name of the edge; default: the name in capitals, an IATA code. */
  readonly locations?: Readonly<Record<string, readonly unknown[]>>
  readonly policy?: Readonly<Record<string, unknown>>
  /** Of each Cdn. */
  readonly cdn?: Readonly<Record<string, unknown>>
}

export function topology(options: TopologyOptions): Record<string, unknown> {
  const cdns = options.edges.map(({ name, url }) => {
    const locations = options.locations?.[name] ?? [name.toUpperCase()]
    return { name, provider: 'http', url, locations, ...options.cdn }
  })
  const origin = options.origin === undefined ? {} : { origin: { urls: [options.origin] } }
  return {
    cdns,
    sites: [{ name: 'www', hosts: ['*'], ...origin, routes: [{ policy: 'default' }] }],
    policies: {
      // Without the cache: what is asked of edges is what these scenarios are about.
      default: {
        cdns: cdns.map(({ name }) => name),
        strategy: 'proximity',
        cache: { enabled: false },
        ...options.policy,
      },
    },
  }
}

/** Active checks quick enough for a test. */
export const QUICK_CHECK = {
  health_check: { path: '/healthz', interval: '200ms', timeout: '2s', healthy_threshold: 1, unhealthy_threshold: 2 },
}
