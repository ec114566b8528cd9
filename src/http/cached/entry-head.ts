import { type EntryHead, tagsOf } from '../../cache/entry.ts'
import type { Times } from '../../cache/rules/age.ts'
import { combined, type Fields } from '../../cache/rules/fields.ts'
import { freshened } from '../../cache/rules/freshen.ts'
import { freshnessOf } from '../../cache/rules/freshness.ts'
import type { StoredProof } from '../../cache/rules/provenance.ts'
import type { CacheRules } from '../../cache/rules/rules.ts'
import { storedFields, withDate } from '../../cache/rules/stored-fields.ts'
import { secondaryKey, varyNames } from '../../cache/rules/vary.ts'
import type { Endpoint } from '../../config/snapshot.ts'
import type { Admitted } from '../exchange.ts'
import { rewriteLocation } from '../location.ts'
import type { KeyedRequest } from './keyed-request.ts'

/** An answer as an upstream gave it. `fields`: a flat list as received. */
export interface Answer {
  readonly status: number
  readonly fields: Fields
  readonly endpoint: Endpoint
  readonly proof: StoredProof
  readonly times: Times
}

/** What is stored of an answer besides its content. */
export function entryHead(
  admitted: Admitted,
  { key, url }: KeyedRequest,
  answer: Answer,
  rules: CacheRules,
): EntryHead {
  const { status, endpoint, times } = answer
  const fields = storedFields(withDate(answer.fields, times.responseTime))
  if (status === 201 || (status >= 300 && status < 400)) rewriteLocation(fields, admitted, endpoint)
  const names = varyNames(fields)
  return {
    key,
    site: admitted.site.name,
    url,
    status,
    fields,
    varyNames: names,
    secondaryKey: secondaryKey(names, admitted.raw.rawHeaders),
    freshness: freshnessOf(status, withDate(answer.fields, times.responseTime), times, rules),
    storedAt: times.responseTime,
    // Whatever was purged while it was asked for may be what it has.
    confirmedAt: times.requestTime,
    cdn: endpoint.cdn?.name ?? null,
    proof: answer.proof,
    tags: tagsOf(combined(fields, 'cache-tag'), combined(fields, 'surrogate-key')),
    size: sizeOf(status, fields),
    parts: null,
  }
}

/** A stored head after a 304 that speaks of it (RFC 9111 sections 3.2 and 4.3.4). */
export function confirmedHead(stored: EntryHead, notModified: Answer, rules: CacheRules): EntryHead {
  const { times, endpoint } = notModified
  const newer = withDate(notModified.fields, times.responseTime)
  const fields = freshened(stored.fields, newer)
  // Age of the stored one is not that of the new head (RFC 9111 section 4.2.3).
  const age = combined(newer, 'age')
  const aged = age === null ? fields : [...fields, 'age', age]
  return {
    ...stored,
    fields,
    freshness: freshnessOf(stored.status, aged, times, rules),
    confirmedAt: times.requestTime,
    cdn: endpoint.cdn?.name ?? null,
    tags: tagsOf(combined(fields, 'cache-tag'), combined(fields, 'surrogate-key')),
  }
}

function sizeOf(status: number, fields: Fields): number | null {
  if (status === 204) return 0
  const length = combined(fields, 'content-length')
  return length !== null && /^\d{1,15}$/.test(length) ? Number(length) : null
}
