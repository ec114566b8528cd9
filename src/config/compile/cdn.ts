import { PROVIDERS } from '../../providers/index.ts'
import type { Provider } from '../../providers/provider.ts'
import type { NamedFile } from '../compile.ts'
import type { Config } from '../schema/index.ts'
import type { Cdn, HealthCheck } from '../snapshot.ts'
import { compileHeaders } from './headers.ts'
import { compileCommit, compilePricing } from './pricing.ts'
import { compilePurge } from './purge.ts'
import { compileSigning } from './signing.ts'

export type CdnConfig = Config['cdns'][number]

export function compileCdn(config: CdnConfig, files: ReadonlyMap<string, NamedFile>): Cdn {
  const { name, provider, drain, weight, priority, bias } = config
  return {
    name,
    provider,
    trust: config.trust ?? PROVIDERS[provider].trustByDefault,
    allowPrivate: config.allow_private,
    redirectHosts: config.redirect_hosts,
    drain,
    weight,
    priority,
    bias,
    clientIp: config.client_ip,
    headers: compileHeaders(config.headers),
    healthCheck: compileHealthCheck(config.health_check, PROVIDERS[provider]),
    pricing: compilePricing(config.pricing),
    commit: compileCommit(config.commit),
    maxMbps: config.max_mbps,
    signing: config.signing === null ? null : compileSigning(config.signing, files),
    purge: config.purge === null ? null : compilePurge(config.purge, files),
  }
}

function compileHealthCheck(config: CdnConfig['health_check'], { probe, probeSha256 }: Provider): HealthCheck | null {
  const path = config.path ?? probe
  if (path === null) return null
  return {
    path,
    interval: config.interval,
    timeout: config.timeout,
    healthyThreshold: config.healthy_threshold,
    unhealthyThreshold: config.unhealthy_threshold,
    expectedStatus: [...new Set(config.expected_status.flat())],
    expectedSha256: config.expected_sha256 ?? (config.path === null ? (probeSha256 ?? null) : null),
  }
}
