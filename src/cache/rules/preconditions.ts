import { listedTags, matchStrongly, matchWeakly } from './entity-tag.ts'
import { combined, type Fields } from './fields.ts'
import { parseHttpDate } from './http-date.ts'
import { trimBlanks } from './list.ts'

/** What is known of the selected representation. Absent is null. */
export interface Validators {
  /** With its quotes. */
  readonly etag: string | null
  /** Milliseconds since the epoch. */
  readonly lastModified: number | null
}

/** What became of the conditions of a request: 304 and 412 are answers, without content. */
export type Evaluated = 'proceed' | 304 | 412

/**
 * Evaluates the conditions of a request in the order of RFC 9110 section 13.2.2. The answer would be a 2xx without
 * them: conditions do not count where it would be another (section 13.2.1). Range and If-Range are for `rangesOf`.
 *
 * @param now how two digits of a year are read; milliseconds since the epoch
 */
export function evaluate(method: string, request: Fields, validators: Validators, now: number): Evaluated {
  const { etag, lastModified } = validators
  const ifMatch = combined(request, 'if-match')
  const unmodifiedSince = dateIn(request, 'if-unmodified-since', now)
  if (ifMatch !== null) {
    // Section 13.1.1: strong comparison.
    if (!matches(ifMatch, etag, matchStrongly)) return 412
  } else if (unmodifiedSince !== null && lastModified !== null && lastModified > unmodifiedSince) return 412
  const reads = method === 'GET' || method === 'HEAD'
  const ifNoneMatch = combined(request, 'if-none-match')
  // Section 13.1.2: weak comparison, and If-Modified-Since does not count beside it (section 13.1.3).
  if (ifNoneMatch !== null) return matches(ifNoneMatch, etag, matchWeakly) ? (reads ? 304 : 412) : 'proceed'
  const modifiedSince = reads ? dateIn(request, 'if-modified-since', now) : null
  return modifiedSince !== null && lastModified !== null && lastModified <= modifiedSince ? 304 : 'proceed'
}

/**
 * Whether conditions are for the origin alone (RFC 9111 section 4.3.2): a cache does not evaluate If-Match and
 * If-Unmodified-Since, and cannot answer them from what it has.
 */
export function isForOrigin(request: Fields): boolean {
  return combined(request, 'if-match') !== null || combined(request, 'if-unmodified-since') !== null
}

/** `*` matches whatever there is. */
function matches(value: string, etag: string | null, compare: (one: string, other: string) => boolean): boolean {
  if (trimBlanks(value) === '*') return true
  return etag !== null && listedTags(value).some((tag) => compare(tag, etag))
}

/** A date that is none does not count: RFC 9110 sections 13.1.3 and 13.1.4. */
function dateIn(request: Fields, name: string, now: number): number | null {
  const value = combined(request, name)
  return value === null ? null : parseHttpDate(value, now)
}
