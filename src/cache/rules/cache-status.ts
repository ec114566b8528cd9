/**
 * What a cache did with a request (RFC 9211 section 2). `ttl`: milliseconds that the answer stays fresh, negative where
 * it is stale.
 */
export type CacheOutcome = {
  readonly ttl?: number
  /** A token: more about it, for people (section 2.8). */
  readonly detail?: string
} & (
  | { readonly hit: true }
  | {
      readonly hit: false
      /** Why the request went on (section 2.2). */
      readonly fwd: 'bypass' | 'method' | 'uri-miss' | 'vary-miss' | 'miss' | 'request' | 'stale' | 'partial'
      /** The status that the next hop answered with, where it is not the one that the client gets (section 2.3). */
      readonly fwdStatus?: number
      readonly stored?: boolean
      /** It waited for the request of another client (section 2.6). */
      readonly collapsed?: boolean
    }
)

/** Our member of Cache-Status. Caches nearer to the client stand behind it: it is added at the end (section 2). */
export function cacheStatus(name: string, outcome: CacheOutcome): string {
  let member = name
  if (outcome.hit) member += '; hit'
  else {
    member += `; fwd=${outcome.fwd}`
    if (outcome.fwdStatus !== undefined) member += `; fwd-status=${outcome.fwdStatus}`
    if (outcome.stored === true) member += '; stored'
    if (outcome.collapsed === true) member += '; collapsed'
  }
  if (outcome.ttl !== undefined) member += `; ttl=${seconds(outcome.ttl)}`
  if (outcome.detail !== undefined) member += `; detail=${outcome.detail}`
  return member
}

const LARGEST = 999_999_999_999_999

/** An Integer of RFC 9651 section 3.3.1; what is stale by less than a second is not fresh. */
function seconds(milliseconds: number): number {
  return Math.max(-LARGEST, Math.min(LARGEST, Math.floor(milliseconds / 1000)))
}
