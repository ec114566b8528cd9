import type { StrategyName } from '../../steering/strategies/index.ts'
import type { Config } from '../schema/index.ts'
import type { Policy, RetryOn, RetrySettings } from '../snapshot.ts'
import { compileHeaders } from './headers.ts'

export type PolicyConfig = Config['policies'][string]

export function compilePolicy(name: string, config: PolicyConfig): Policy {
  const { mode, redirect, fallback, outlier_detection: outlier } = config
  return {
    name,
    mode,
    redirect: { status: redirect.status, maxAge: redirect.max_age },
    // The schema accepts no strategy that is not in the registry.
    strategy: config.strategy as StrategyName,
    tieThreshold: config.tie_threshold,
    fallback,
    retry: compileRetry(config.retry),
    outlier: {
      consecutiveFailures: outlier.consecutive_failures,
      baseEjection: outlier.base_ejection,
      maxEjection: Math.max(outlier.base_ejection, outlier.max_ejection),
    },
    headers: compileHeaders(config.headers),
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
  }
}
