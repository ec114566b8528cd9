import { DEFAULT_KEY } from '../../../src/cache/rules/key.ts'
import { DEFAULT_RULES } from '../../../src/cache/rules/rules.ts'
import type { Caching } from '../../../src/config/caching.ts'
import type { Policy } from '../../../src/config/snapshot.ts'
import { policy } from './services.ts'

/** The reference's defaults. */
export function caching(over: Partial<Caching> = {}): Caching {
  return { key: DEFAULT_KEY, rules: DEFAULT_RULES, maxObject: 64 * 1024 ** 2, requiredProof: 'none', ...over }
}

/** A policy that caches. */
export function cachingPolicy(over: Partial<Caching> = {}, rest: Partial<Policy> = {}): Policy {
  return policy({ fallback: 'none', cache: caching(over), ...rest })
}
