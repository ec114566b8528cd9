import type { HeaderEdit } from '../config/snapshot.ts'
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
  // Nobody can rescue a visitor who was sent to a CDN that is down.
  if (policy.mode !== 'redirect' || best === undefined || best.reason === 'panic' || isNavigation(admitted)) return null
  const { endpoint } = best
  if (endpoint.cdn?.trust !== true) return null
  const { status, maxAge } = policy.redirect
  const location = endpoint.origin + plan(endpoint, admitted.target.path) + admitted.target.query
  const caching = maxAge > 0 ? `private, max-age=${Math.floor(maxAge / 1000)}` : 'no-store'
  return { status, headers: ['location', location, 'cache-control', caching, 'content-length', '0'] }
}

const OURS: ReadonlySet<string> = new Set(['location', 'cache-control', 'content-length'])

/** What is configured for answers must not make ours one for every visitor: `cache-control: public` of assets would. */
export function editForRedirect({ remove, set }: HeaderEdit): HeaderEdit {
  return { remove: remove.filter((name) => !OURS.has(name)), set: set.filter(([name]) => !OURS.has(name)) }
}

/** Browsers say what they fetch over HTTPS only; over HTTP the wish for a page must do. */
function isNavigation({ raw }: Admitted): boolean {
  const mode = headerText(raw, 'sec-fetch-mode')
  if (mode === null) return headerText(raw, 'accept')?.includes('text/html') ?? false
  return mode === 'navigate' || headerText(raw, 'sec-fetch-dest') === 'document'
}
