import { parseContentRange } from '../../delivery/resume.ts'
import { type Directives, listedFields } from './directives.ts'
import { combined, type Fields, linesOf } from './fields.ts'
import { lastModifiedOf } from './freshness.ts'
import { requestDirectives } from './request-directives.ts'
import type { CacheRules } from './rules.ts'
import { isHeuristicallyCacheable, isUnderstood } from './status.ts'
import { qualifiedFields } from './stored-fields.ts'
import { responseDirectives } from './targeted.ts'
import { variesByEverything } from './vary.ts'

/** What storing looks at of a request. `target` is its URL, absolute, for POST. */
export interface StoringRequest {
  readonly method: string
  readonly fields: Fields
  readonly target?: string
}

export interface StoringResponse {
  readonly status: number
  readonly fields: Fields
}

/** Why an answer is not stored. */
export type Unstorable =
  | 'method'
  | 'status'
  | 'partial'
  | 'request-no-store'
  | 'no-store'
  | 'private'
  | 'authorization'
  | 'set-cookie'
  | 'vary'
  | 'no-freshness'

/** Whether a shared cache may store an answer (RFC 9111 section 3); null: it may. */
export function whyUnstorable(
  request: StoringRequest,
  response: StoringResponse,
  rules: CacheRules,
): Unstorable | null {
  const { directives } = responseDirectives(response.fields)
  return (
    methodProblem(request, response, directives) ??
    statusProblem(response, directives) ??
    secrecyProblem(request, response, directives, rules) ??
    (variesByEverything(response.fields) ? 'vary' : null) ??
    (isWorthStoring(response, directives) ? null : 'no-freshness')
  )
}

/** RFC 9110 section 9.3.3: of POST only what is fresh by its own word and names itself as what GET would get. */
function methodProblem({ method, target }: StoringRequest, { fields }: StoringResponse, directives: Directives) {
  if (method === 'GET') return null
  if (method !== 'POST' || target === undefined || !isFreshByItself(fields, directives)) return 'method'
  const location = combined(fields, 'content-location')
  return location !== null && URL.parse(location, target)?.href === URL.parse(target)?.href ? null : 'method'
}

function statusProblem({ status, fields }: StoringResponse, directives: Directives): Unstorable | null {
  // RFC 9111 section 3: final, and not the answer to a condition of ours.
  if (status < 200 || status > 599 || status === 304) return 'status'
  if (directives.has('must-understand') && !isUnderstood(status)) return 'status'
  // RFC 9110 section 15.3.7.2: several ranges have no Content-Range, and are not stored.
  if (status === 206 && parseContentRange(combined(fields, 'content-range')) === null) return 'partial'
  return null
}

function secrecyProblem(
  request: StoringRequest,
  { fields }: StoringResponse,
  directives: Directives,
  rules: CacheRules,
): Unstorable | null {
  if (rules.requestDirectives === 'honour' && requestDirectives(request.fields).noStore) return 'request-no-store'
  // RFC 9111 section 5.2.2.3: whoever understands the status code may ignore no-store beside must-understand.
  if (directives.has('no-store') && !directives.has('must-understand')) return 'no-store'
  if (listedFields(directives, 'private') === 'all') return 'private'
  if (combined(request.fields, 'authorization') !== null && !allowsAuthorized(directives)) return 'authorization'
  // Not in the RFC: what names a visitor is for that visitor, unless the field is listed as not to be stored.
  const hasCookie = ['set-cookie', 'set-cookie2'].some(
    (name) => linesOf(fields, name).length > 0 && !qualifiedFields(fields).includes(name),
  )
  if (hasCookie && !(rules.storeSetCookie && isFreshByItself(fields, directives))) return 'set-cookie'
  return null
}

/** RFC 9111 section 3.5. */
function allowsAuthorized(directives: Directives): boolean {
  return directives.has('public') || directives.has('s-maxage') || directives.has('must-revalidate')
}

/** RFC 9111 section 3, last item; of what has no lifetime only what can be revalidated is worth its room. */
function isWorthStoring(response: StoringResponse, directives: Directives): boolean {
  const { fields, status } = response
  if (isFreshByItself(fields, directives)) return true
  if (!isHeuristicallyCacheable(status) && !directives.has('public')) return false
  return combined(fields, 'etag') !== null || lastModifiedOf(fields, 0) !== null
}

function isFreshByItself(fields: Fields, directives: Directives): boolean {
  return (
    directives.has('max-age') ||
    directives.has('s-maxage') ||
    (combined(fields, 'expires') !== null && responseDirectives(fields).target === null)
  )
}
