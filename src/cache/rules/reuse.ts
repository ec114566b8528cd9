import { currentAge } from './age.ts'
import { type Freshness, timeToLive } from './freshness.ts'
import type { RequestDirectives } from './request-directives.ts'
import type { CacheRules } from './rules.ts'

/**
 * What may be done with a stored answer that was selected (RFC 9111 section 4). `ttl`: milliseconds that it stays
 * fresh; negative: since when it is stale.
 */
export type Reuse =
  | { readonly act: 'serve'; readonly ttl: number; readonly because: 'fresh' | 'max-stale' }
  /** RFC 5861 section 3: served now, and asked for again behind the client's back. */
  | { readonly act: 'serve-and-revalidate'; readonly ttl: number; readonly because: 'stale-while-revalidate' }
  | { readonly act: 'revalidate'; readonly ttl: number; readonly because: 'no-cache' | 'stale' | 'request' }

/** How a stored answer may be used for this request, now. */
export function reuseOf(freshness: Freshness, request: RequestDirectives, rules: CacheRules, now: number): Reuse {
  const ttl = timeToLive(freshness, now)
  // RFC 9111 section 5.2.2.4.
  if (freshness.noCache) return { act: 'revalidate', ttl, because: 'no-cache' }
  const honoured = rules.requestDirectives === 'honour'
  if (honoured && refusedByRequest(freshness, request, now)) return { act: 'revalidate', ttl, because: 'request' }
  if (ttl > 0) return { act: 'serve', ttl, because: 'fresh' }
  // RFC 9111 section 4.2.4 is stricter than what a client would take.
  if (freshness.neverStale) return { act: 'revalidate', ttl, because: 'stale' }
  if (-ttl < freshness.staleWhileRevalidate)
    return { act: 'serve-and-revalidate', ttl, because: 'stale-while-revalidate' }
  if (honoured && request.maxStale !== null && -ttl <= request.maxStale)
    return { act: 'serve', ttl, because: 'max-stale' }
  return { act: 'revalidate', ttl, because: 'stale' }
}

/** RFC 9111 sections 5.2.1.1 (max-age), 5.2.1.3 (min-fresh), 5.2.1.4 (no-cache) and 5.2.1.5 (no-store). */
function refusedByRequest(freshness: Freshness, request: RequestDirectives, now: number): boolean {
  const ttl = timeToLive(freshness, now)
  if (request.noCache || request.noStore) return true
  if (request.minFresh !== null && ttl < request.minFresh) return true
  if (request.maxAge === null) return false
  // RFC 8246 section 2: a reload (max-age=0) of what cannot change while it is fresh needs no question.
  if (freshness.immutable && request.maxAge === 0 && ttl > 0) return false
  return request.maxAge === 0 || currentAge(freshness, now) > request.maxAge
}

/** Whether it may be served because nothing better can be had (RFC 5861 section 4; RFC 9111 section 4.2.4). */
export function mayServeOnError(freshness: Freshness, now: number): boolean {
  if (freshness.neverStale) return false
  return -timeToLive(freshness, now) < freshness.staleIfError
}

/** RFC 5861 section 4: the answers that count as an error, beside none at all. */
export function isError(status: number): boolean {
  return status === 500 || status === 502 || status === 503 || status === 504
}

/**
 * From when on an answer may be asked for again before it is stale, so that many gateways do not ask at once: in the
 * last tenth of its lifetime, earlier for some.
 *
 * @param chance in [0, 1), drawn once for each entry
 */
export function earlyRefreshAt(freshness: Freshness, chance: number): number {
  const left = freshness.lifetime - freshness.initialAge
  return freshness.responseTime + Math.max(0, left - freshness.lifetime * EARLY_PART * chance)
}

const EARLY_PART = 0.1
