import type { Invalidation } from '../../cache/invalidation.ts'
import { invalidated } from '../../cache/rules/invalidation.ts'
import { cacheKey, keyedQuery } from '../../cache/rules/key.ts'
import type { Caching } from '../../config/caching.ts'
import type { Site } from '../../config/snapshot.ts'
import type { ResponseHead } from '../../delivery/attempt.ts'
import type { Admitted } from '../exchange.ts'
import type { Services } from '../services.ts'
import { canonicalPath } from '../target.ts'
import { hostOf } from './keyed-request.ts'

/** Takes out of the cache what an answer to an unsafe method says has changed, and tells the other processes. */
export function invalidate({ cache, metrics }: Services, admitted: Admitted, answer: ResponseHead): void {
  const { site } = admitted
  const settings = cachingsOf(site)
  if (settings.length === 0 || admitted.target.path === '*') return
  const urls = urlsOf(admitted, answer)
  if (urls.length === 0) return
  const keys = new Set<string>()
  const named = new Set<string>()
  for (const url of urls) {
    for (const { key } of settings) {
      const query = keyedQuery(url.query, key.query)
      if (key.headers.length + key.cookies.length > 0) named.add(`${url.base}${canonicalPath(url.path)}${query}`)
      else
        keys.add(
          cacheKey(
            { site: site.name, scheme: admitted.scheme, host: url.host, path: url.path, query, fields: [] },
            key,
          ),
        )
    }
  }
  metrics.cacheInvalidations.child(site.name).inc(urls.length)
  const invalidation: Invalidation = { site: site.name, keys: [...keys], urls: [...named], at: Date.now() }
  cache.invalidate(invalidation)
  cache.onInvalidated(invalidation)
}

interface NamedUrl {
  readonly host: string
  /** Scheme and host. */
  readonly base: string
  readonly path: string
  readonly query: string
}

function urlsOf(admitted: Admitted, { status, rawHeaders }: ResponseHead): NamedUrl[] {
  const { method, scheme, target } = admitted
  const host = hostOf(admitted.host, scheme)
  const base = `${scheme}://${host}`
  const fields = rawHeaders.map((text) => text.toString('latin1'))
  const [own, ...others] = invalidated(method, `${base}${target.path}${target.query}`, { status, fields })
  if (own === undefined) return []
  const parsed = others.map((text) => {
    const { pathname: path, search: query } = new URL(text)
    return { host, base, path, query }
  })
  // As it was asked for: an upstream may tell spellings apart.
  return [{ host, base, path: target.path, query: target.query }, ...parsed]
}

/** What GETs of a Site may be stored under: whichever Route has them. */
function cachingsOf({ routes }: Site): Caching[] {
  return [...new Set(routes.flatMap(({ policy }) => policy.cache ?? []))]
}
