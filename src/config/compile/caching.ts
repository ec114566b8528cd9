import { createHash } from 'node:crypto'
import { isAbsolute, join } from 'node:path'
import type { KeySettings, QueryKey } from '../../cache/rules/key.ts'
import type { CacheStorage, Caching } from '../caching.ts'
import type { Config } from '../schema/index.ts'
import { compileEdit } from './headers.ts'

type PolicyConfig = Config['policies'][string]

/** null: nothing is cached. A Policy that redirects has nothing to store. */
export function compileCaching(policy: PolicyConfig): Caching | null {
  const { cache, mode, verify } = policy
  if (!cache.enabled || mode === 'redirect') return null
  return {
    key: { ...compileKey(cache.key), upstreams: upstreamsOf(policy) },
    rules: {
      heuristic: cache.heuristic,
      staleWhileRevalidate: cache.stale_while_revalidate,
      staleIfError: cache.stale_if_error,
      requestDirectives: cache.request_directives,
      storeSetCookie: cache.set_cookie === 'explicit',
      credentials: cache.credentials,
    },
    maxObject: cache.max_object,
    requiredProof: verify === 'required' ? 'manifest' : 'none',
  }
}

/**
 * Two Policies of a Site share what is stored only where both would have asked and stored the same: one of them may be for
 * the staff, or for one country. How CDNs are ranked and tried makes no difference.
 */
function upstreamsOf({ cdns, mode, fallback, headers, cache }: PolicyConfig): string {
  const { set, remove } = compileEdit(headers.request)
  const asked = [mode === 'origin' ? [] : [...cdns].sort(), mode === 'origin' || fallback === 'origin', set, remove]
  const stored = [cache.credentials, cache.set_cookie]
  return createHash('sha256')
    .update(JSON.stringify([...asked, ...stored]))
    .digest('base64url')
    .slice(0, DIGEST)
}

/** Characters: 72 bits, for a handful of Policies. */
const DIGEST = 12

function compileKey({
  query,
  sort_query: sort,
  headers,
  cookies,
}: PolicyConfig['cache']['key']): Omit<KeySettings, 'upstreams'> {
  return { query: { ...taken(query), sort }, headers: headers.map((name) => name.toLowerCase()), cookies }
}

function taken(query: PolicyConfig['cache']['key']['query']): Pick<QueryKey, 'take' | 'names'> {
  if (typeof query === 'string') return { take: query, names: new Set() }
  if ('only' in query) return { take: 'only', names: new Set(query.only) }
  return { take: 'except', names: new Set(query.except) }
}

/** @param folder absolute: what relative paths start from */
export function compileStorage({ memory, disk }: Config['cache'], folder: string): CacheStorage {
  const { path, size } = disk
  if (path === null) return { memory, disk: null }
  return { memory, disk: { path: isAbsolute(path) ? path : join(folder, path), size } }
}
