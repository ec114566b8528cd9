import { isEntityTag } from './entity-tag.ts'
import { combined, type Fields, single } from './fields.ts'
import { dateOf, lastModifiedOf } from './freshness.ts'
import type { Validators } from './preconditions.ts'
import type { RangeValidators } from './ranges.ts'

/** RFC 9110 section 8.8.2.2. */
const ONE_SECOND = 1000

/** What the conditions of requests are compared with, from the fields of a stored answer. */
export function validatorsOf(fields: Fields, responseTime: number): Validators & { readonly range: RangeValidators } {
  const etag = single(fields, 'etag')
  const lastModified = lastModifiedOf(fields, responseTime)
  const date = dateOf(fields, responseTime)
  const isDateStrong = lastModified !== null && date !== null && date - lastModified >= ONE_SECOND
  const range = { etag, lastModified: combined(fields, 'last-modified'), isDateStrong }
  // RFC 9111 section 4.3.2: without Last-Modified it is as old as its Date, or else its coming.
  return { etag, lastModified: lastModified ?? date ?? responseTime, range }
}

/** The conditions that ask an upstream whether a stored answer still holds (RFC 9111 section 4.3.1); empty: it cannot. */
export function revalidationFields(fields: Fields): string[] {
  const etag = single(fields, 'etag')
  const lastModified = single(fields, 'last-modified')
  const asked: string[] = []
  if (etag !== null && isEntityTag(etag)) asked.push('if-none-match', etag)
  if (lastModified !== null) asked.push('if-modified-since', lastModified)
  return asked
}

/** What may be compared byte by byte and across CDNs: a strong entity tag; null: there is none. */
export function strongTag(fields: Fields): string | null {
  const etag = single(fields, 'etag')
  return etag !== null && isEntityTag(etag) && !etag.startsWith('W/') ? etag : null
}
