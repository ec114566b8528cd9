import { combined, type Fields } from './fields.ts'
import type { KeySettings } from './key.ts'
import { isForOrigin } from './preconditions.ts'
import type { CacheRules } from './rules.ts'

/** Why a request neither reads the cache nor fills it. */
export type Bypass = 'method' | 'condition' | 'authorization' | 'cookie'

/** null: it may read the cache. Its fields go on untouched in any case. */
export function bypassOf(method: string, fields: Fields, key: KeySettings, rules: CacheRules): Bypass | null {
  if (method !== 'GET' && method !== 'HEAD') return 'method'
  if (isForOrigin(fields)) return 'condition'
  if (rules.credentials === 'rfc') return null
  // Not in the RFC: what a visitor gets with credentials may be only for that visitor, whatever the answer says.
  if (combined(fields, 'authorization') !== null && !key.headers.includes('authorization')) return 'authorization'
  const hasCookie = combined(fields, 'cookie') !== null && !key.headers.includes('cookie')
  return hasCookie && key.cookies.length === 0 ? 'cookie' : null
}
