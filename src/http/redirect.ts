import type { HeaderEdit } from '../config/snapshot.ts'
import { plan } from '../providers/index.ts'
import type { Decision } from '../steering/decision.ts'
import { sentTo } from '../steering/redirects.ts'
import type { Admitted } from './exchange.ts'

/** Where a visitor is sent, and the header fields that say so: a flat list. */
export interface Redirect {
  readonly status: 302 | 307
  readonly headers: string[]
}

/** In redirect mode, the way to the best candidate; null where the gateway has to deliver itself. */
export function redirectTo({ target, facts }: Admitted, decision: Decision): Redirect | null {
  const endpoint = sentTo(decision, facts.header)
  if (endpoint === null) return null
  const { status, maxAge } = decision.policy.redirect
  const location = endpoint.origin + plan(endpoint, target.path) + target.query
  const caching = maxAge > 0 ? `private, max-age=${Math.floor(maxAge / 1000)}` : 'no-store'
  return { status, headers: ['location', location, 'cache-control', caching, 'content-length', '0'] }
}

const OURS: ReadonlySet<string> = new Set(['location', 'cache-control', 'content-length'])

/** What is configured for answers must not make ours one for every visitor: `cache-control: public` of assets would. */
export function editForRedirect({ remove, set }: HeaderEdit): HeaderEdit {
  return { remove: remove.filter((name) => !OURS.has(name)), set: set.filter(([name]) => !OURS.has(name)) }
}
