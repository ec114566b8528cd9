import type { Endpoint, HeaderEdit } from '../config/snapshot.ts'
import { plan } from '../providers/index.ts'
import { signedUrl } from '../signing/signed-url.ts'
import type { Decision } from '../steering/decision.ts'
import { sentTo } from '../steering/redirects.ts'
import type { Admitted } from './exchange.ts'

/** Where a visitor is sent, and the header fields that say so: a flat list. */
export interface Redirect {
  readonly status: 302 | 307
  readonly headers: string[]
}

/**
 * In redirect mode, the way to the best candidate; null where the gateway has to deliver itself. `now`: milliseconds
 * since 1970.
 */
export function redirectTo({ target, facts }: Admitted, decision: Decision, now: number): Redirect | null {
  const endpoint = sentTo(decision, facts)
  if (endpoint === null) return null
  const { status } = decision.policy.redirect
  const maxAge = Math.min(decision.policy.redirect.maxAge, longestMemory(endpoint))
  const asked = { target: plan(endpoint, target.path) + target.query, now }
  const location = signedUrl(endpoint, asked, facts.client)
  const caching = maxAge > 0 ? `private, max-age=${Math.floor(maxAge / 1000)}` : 'no-store'
  return { status, headers: ['location', location, 'cache-control', caching, 'content-length', '0'] }
}

/**
 * How long a browser may remember the way: no longer than half the life of a signed link, so that a download which
 * begins at the end of it has the other half. A client that moves to another network has no use for a bound link.
 */
function longestMemory({ cdn }: Endpoint): number {
  const signing = cdn?.signing ?? null
  if (signing === null) return Number.POSITIVE_INFINITY
  return signing.binds.length > 0 ? 0 : signing.ttl / 2
}

const OURS: ReadonlySet<string> = new Set(['location', 'cache-control', 'content-length'])

/** What is configured for answers must not make ours one for every visitor: `cache-control: public` of assets would. */
export function editForRedirect({ remove, set }: HeaderEdit): HeaderEdit {
  return { remove: remove.filter((name) => !OURS.has(name)), set: set.filter(([name]) => !OURS.has(name)) }
}
