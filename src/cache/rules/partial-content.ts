import { parseContentRange } from '../../delivery/resume.ts'
import { combined, type Fields } from './fields.ts'
import type { Part } from './ranges.ts'
import { strongTag } from './validators.ts'

/** What is stored of a representation that is not there as a whole. Parts are sorted, and do not meet. */
export interface PartialContent {
  readonly fields: Fields
  readonly parts: readonly Part[]
  /** Bytes of the whole; null: unknown. */
  readonly size: number | null
}

/**
 * Whether bytes of an answer may stand beside stored ones (RFC 9111 section 3.4; RFC 9110 section 15.3.7.3): both have
 * the same strong validator, and the same coding and complete length, which a lying validator would not.
 */
export function mayCombine(
  stored: PartialContent,
  answer: { readonly status: number; readonly fields: Fields },
): boolean {
  const tag = strongTag(stored.fields)
  if (tag === null || tag !== strongTag(answer.fields)) return false
  if (combined(stored.fields, 'content-encoding') !== combined(answer.fields, 'content-encoding')) return false
  if (answer.status === 200) return true
  const range = answer.status === 206 ? parseContentRange(combined(answer.fields, 'content-range')) : null
  return range !== null && (range.complete === null || stored.size === null || range.complete === stored.size)
}

/** The parts with one more, joined where they meet. */
export function withPart(parts: readonly Part[], added: Part): Part[] {
  const result: Part[] = []
  let { first, last } = added
  for (const part of parts) {
    if (part.last + 1 < first || last + 1 < part.first) result.push(part)
    else {
      first = Math.min(first, part.first)
      last = Math.max(last, part.last)
    }
  }
  return [...result, { first, last }].sort((a, b) => a.first - b.first)
}

/** What is missing of `wanted`; empty: it can be served from what is stored. */
export function missingParts(parts: readonly Part[], wanted: Part): Part[] {
  const missing: Part[] = []
  let next = wanted.first
  for (const part of parts) {
    if (part.last < next) continue
    if (part.first > wanted.last) break
    if (part.first > next) missing.push({ first: next, last: part.first - 1 })
    next = part.last + 1
  }
  if (next <= wanted.last) missing.push({ first: next, last: wanted.last })
  return missing
}
