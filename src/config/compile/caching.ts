import { isAbsolute, join } from 'node:path'
import type { KeySettings, QueryKey } from '../../cache/rules/key.ts'
import type { CacheStorage, Caching } from '../caching.ts'
import type { Config } from '../schema/index.ts'

type PolicyConfig = Config['policies'][string]

/** null: nothing is cached. A Policy that redirects has nothing to store. */
export function compileCaching({ cache, mode, verify }: PolicyConfig): Caching | null {
  if (!cache.enabled || mode === 'redirect') return null
  return {
    key: compileKey(cache.key),
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

function compileKey({ query, sort_query: sort, headers, cookies }: PolicyConfig['cache']['key']): KeySettings {
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
