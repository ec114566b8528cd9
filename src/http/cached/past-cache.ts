import { type CacheOutcome, cacheStatus } from '../../cache/rules/cache-status.ts'
import type { CacheResult } from '../exchange.ts'
import { PROXY_NAME } from '../headers.ts'
import type { PastCache } from '../steer.ts'

/** What is said of a request that the cache could not answer, and did not ask for. */
export function pastCache(result: CacheResult, outcome: CacheOutcome): PastCache {
  return { result, fields: ['cache-status', cacheStatus(PROXY_NAME, outcome)] }
}
