import { cacheKey, keyedQuery } from '../../cache/rules/key.ts'
import type { Caching } from '../../config/caching.ts'
import type { Admitted } from '../exchange.ts'

/** What the cache knows a request by. */
export interface KeyedRequest {
  readonly key: string
  /** Absolute, in its one spelling and without what the key leaves out: what purges name. */
  readonly url: string
  /** As upstreams are asked, so that nothing but the key can change the answer. */
  readonly host: string
  readonly query: string
}

type Parts = Pick<Admitted, 'site' | 'scheme' | 'host' | 'target' | 'raw'>

export function keyedRequest({ site, scheme, host: sent, target, raw }: Parts, { key }: Caching): KeyedRequest {
  const host = hostOf(sent, scheme)
  const query = keyedQuery(target.query, key.query)
  const parts = { site: site.name, scheme, host, path: target.path, query, fields: raw.rawHeaders }
  return { key: cacheKey(parts, key), url: `${scheme}://${host}${target.matchPath}${query}`, host, query }
}

/** The request as it is made for all who have its key. */
export function sharedRequest(admitted: Admitted, { host, query }: KeyedRequest): Admitted {
  return {
    ...admitted,
    method: 'GET',
    host: { name: admitted.host.name, authority: host },
    target: { ...admitted.target, query },
  }
}

/** Lower-case, with a port that is not the scheme's own: what an upstream makes of another spelling is for all. */
export function hostOf({ name, authority }: Admitted['host'], scheme: Admitted['scheme']): string {
  if (authority === name) return name
  const colon = authority.lastIndexOf(':')
  if (colon === -1 || authority.endsWith(']') || colon === authority.length - 1) return name
  const port = Number(authority.slice(colon + 1))
  return port === (scheme === 'https' ? 443 : 80) ? name : `${name}:${port}`
}
