import type { StrategyName } from '../../steering/strategies/index.ts'
import type { TieBreakerName } from '../../steering/tie-breakers/index.ts'
import type { Config } from '../schema/index.ts'
import type {
  CostSettings,
  HedgeSettings,
  OutlierSettings,
  Policy,
  RateLimitSettings,
  ResumeSettings,
  RetryOn,
  RetrySettings,
} from '../snapshot.ts'
import { compileCaching } from './caching.ts'
import { compileCompress } from './compress.ts'
import { compileHeaders } from './headers.ts'

export type PolicyConfig = Config['policies'][string]

/** @param continent of the gateway; null: nobody knows where it stands */
export function compilePolicy(name: string, config: PolicyConfig, continent: string | null): Policy {
  const { mode, redirect, fallback } = config
  return {
    name,
    mode,
    redirect: { status: redirect.status, maxAge: redirect.max_age },
    // The schema accepts no strategy and no tie-breaker that is not in its registry.
    strategy: config.strategy as StrategyName,
    tieThreshold: config.tie_threshold,
    latencyTolerance: config.latency_tolerance,
    tieBreakers: config.tie_breakers as readonly TieBreakerName[],
    hashOn: config.hash_on,
    affinity: config.affinity,
    cost: compileCost(config, continent),
    fallback,
    retry: compileRetry(config.retry),
    hedge: compileHedge(config.hedge),
    outlier: compileOutlier(config.outlier_detection),
    maxRequests: config.circuit_breaker.max_requests,
    panicThreshold: config.panic_threshold,
    slowStart: config.slow_start,
    // The schema accepts no proof that is not built.
    resume: { enabled: config.resume.enabled, require: config.resume.require as ResumeSettings['require'] },
    verify: config.verify,
    compress: compileCompress(config.compress),
    cache: compileCaching(config),
    headers: compileHeaders(config.headers),
    rateLimit: compileRateLimit(config.rate_limit),
  }
}

function compileCost({ cost, mode }: PolicyConfig, continent: string | null): CostSettings {
  return {
    maxExtraDistance: cost.max_extra_distance,
    maxExtraLatency: cost.max_extra_latency,
    burstTo: cost.burst_to,
    pricedAt: mode === 'proxy' ? continent : null,
  }
}

function compileRetry(config: PolicyConfig['retry']): RetrySettings {
  const on = new Set<RetryOn>()
  const onStatus = new Set<number>()
  for (const entry of config.on) {
    if (typeof entry === 'string') on.add(entry)
    else for (const status of entry) onStatus.add(status)
  }
  return {
    attempts: config.attempts,
    on,
    onStatus,
    connectTimeout: config.connect_timeout,
    perTryTimeout: config.per_try_timeout,
    timeout: config.timeout,
    bodyIdleTimeout: config.body_idle_timeout,
    budgetPercent: config.budget_percent,
    budgetPerSecond: config.budget_per_second,
  }
}

function compileHedge(config: PolicyConfig['hedge']): HedgeSettings {
  return {
    enabled: config.enabled,
    after: config.after,
    minDelay: config.min_delay,
    maxExtraPercent: config.max_extra_percent,
  }
}

function compileOutlier(config: PolicyConfig['outlier_detection']): OutlierSettings {
  return {
    consecutiveFailures: config.consecutive_failures,
    failurePercent: config.failure_percent,
    minRequests: config.min_requests,
    interval: config.interval,
    baseEjection: config.base_ejection,
    maxEjection: Math.max(config.base_ejection, config.max_ejection),
    maxEjectionPercent: config.max_ejection_percent,
  }
}

function compileRateLimit(config: PolicyConfig['rate_limit']): RateLimitSettings | null {
  if (config === null) return null
  const { requests_per_second: requestsPerSecond, by } = config
  return { requestsPerSecond, burst: config.burst ?? Math.ceil(requestsPerSecond), by }
}
