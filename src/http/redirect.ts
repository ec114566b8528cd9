import { plan } from '../providers/index.ts'
import type { Decision } from '../steering/decision.ts'
import { headerText } from './admit.ts'
import type { Admitted } from './exchange.ts'

/** Where a visitor is sent, and the header fields that say so: a flat list. */
export interface Redirect {
  readonly status: 302 | 307
  readonly headers: string[]
}

/**
 * In redirect mode, the way to the best candidate; null where the gateway has to deliver itself. A navigation is
 * always delivered, or the address bar would show the CDN's own host.
 */
export function redirectTo(admitted: Admitted, decision: Decision): Redirect | null {
  const { policy, candidates } = decision
  const best = candidates[0]
  if (policy.mode !== 'redirect' || best === undefined || isNavigation(admitted)) return null
  const { endpoint } = best
  if (endpoint.cdn?.trust !== true) return null
  const { status, maxAge } = policy.redirect
  const location = endpoint.origin + plan(endpoint, admitted.target.path) + admitted.target.query
  const caching = maxAge > 0 ? `private, max-age=${Math.floor(maxAge / 1000)}` : 'no-store'
  return { status, headers: ['location', location, 'cache-control', caching, 'content-length', '0'] }
}

function isNavigation({ raw }: Admitted): boolean {
  return headerText(raw, 'sec-fetch-mode') === 'navigate' || headerText(raw, 'sec-fetch-dest') === 'document'
}
