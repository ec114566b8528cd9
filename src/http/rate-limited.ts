import type { Policy, RateLimitSettings } from '../config/snapshot.ts'
import { PolycdnError } from '../errors.ts'
import type { Admitted } from './exchange.ts'

/** A client has sent more than its policy allows. */
export class RateLimited extends PolycdnError {
  readonly admitted: Admitted
  /** What the answer says about the limit: a flat list of header fields. */
  readonly fields: readonly string[]

  /** @param wait milliseconds until the client may send again */
  constructor(admitted: Admitted, wait: number) {
    super('rate_limited', 'there are too many requests from your address')
    this.name = 'RateLimited'
    this.admitted = admitted
    this.fields = fieldsOf(admitted.route.policy, Math.ceil(wait / 1000))
  }
}

/**
 * draft-ietf-httpapi-ratelimit-headers, a draft still, and RFC 9110 section 10.2.3. Only refusals have them: other
 * answers are stored by caches, for which what is left of one client's quota means nothing.
 */
function fieldsOf({ name, rateLimit }: Policy, seconds: number): string[] {
  const limit = `"${name}";${quotaOf(rateLimit!)}`
  return ['ratelimit-policy', limit, 'ratelimit', `"${name}";r=0;t=${seconds}`, 'retry-after', String(seconds)]
}

/** Both are whole numbers there: 0.1 a second is 1 in 10 seconds. */
function quotaOf({ requestsPerSecond }: RateLimitSettings): string {
  const window = Math.max(1, Math.ceil(1 / requestsPerSecond))
  return `q=${Math.max(1, Math.floor(requestsPerSecond * window))};w=${window}`
}
