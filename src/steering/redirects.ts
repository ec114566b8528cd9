import type { Endpoint, Policy } from '../config/snapshot.ts'
import { providerOf } from '../providers/index.ts'
import type { Decision } from './decision.ts'
import type { RequestFacts } from './request-facts.ts'

/**
 * Whom a client is sent to in redirect mode; null where the gateway has to deliver itself. A navigation is always
 * delivered, or the address bar would show the CDN's own host. So is what cannot be bound to its client's address where
 * that is asked for.
 */
export function sentTo({ policy, candidates }: Decision, { header, client }: Asking): Endpoint | null {
  const best = candidates[0]
  // Nobody can rescue a visitor who was sent to a CDN that is down.
  if (policy.mode !== 'redirect' || best === undefined || best.reason === 'panic' || isNavigation(header)) return null
  const { trust, signing } = best.endpoint.cdn ?? { trust: false, signing: null }
  const bound = signing === null || signing.binds.length === 0 || signing.binds.includes(client.family)
  return trust && bound && mayGoUnproved(best.endpoint, policy) ? best.endpoint : null
}

/** Whoever follows a redirect proves nothing, and has only the path that it came with. */
function mayGoUnproved(endpoint: Endpoint, { verify }: Policy): boolean {
  return verify !== 'required' && providerOf(endpoint).proof === 'manifest' && !endpoint.pathTemplate.includes('{ref}')
}

type Asking = Pick<RequestFacts, 'header' | 'client'>

/** Browsers say what they fetch over HTTPS only; over HTTP the wish for a page must do. */
function isNavigation(header: (name: string) => string | null): boolean {
  const mode = header('sec-fetch-mode')
  if (mode === null) return header('accept')?.includes('text/html') ?? false
  return mode === 'navigate' || header('sec-fetch-dest') === 'document'
}
