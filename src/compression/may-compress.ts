import { parseDirectives } from '../cache/rules/directives.ts'
import { combined, type Fields, single } from '../cache/rules/fields.ts'
import { members } from '../cache/rules/list.ts'
import type { CompressSettings } from './settings.ts'

/** Answers without content, or with a part of one: RFC 9110 sections 6.4.1, 15.3.6 and 15.3.7. */
const NEVER = new Set([204, 205, 206, 304])

/** The head of an answer. */
export interface AnswerHead {
  readonly status: number
  readonly fields: Fields
}

/**
 * Whether an answer to GET or HEAD has a compressed variant beside itself. Which one a client gets is for
 * {@link negotiate}. An unknown length counts as a long one.
 */
export function mayCompress({ status, fields }: AnswerHead, { types, minSize }: CompressSettings): boolean {
  if (status < 200 || NEVER.has(status)) return false
  const type = single(fields, 'content-type')
  if (type === null || !types.has(type)) return false
  const length = combined(fields, 'content-length')
  // An empty one grows by any coding; what is no number is nothing to touch.
  if (length !== null && !(Number(length) >= Math.max(minSize, 1))) return false
  if (combined(fields, 'content-range') !== null) return false
  return !isEncoded(fields) && !forbidsTransform(combined(fields, 'cache-control'))
}

/** RFC 9110 section 8.4.1: `identity` is no coding. */
function isEncoded(fields: Fields): boolean {
  const coding = combined(fields, 'content-encoding')
  return coding !== null && members(coding.toLowerCase()).some((one) => one !== 'identity')
}

/** RFC 9111 sections 5.2.1.6 and 5.2.2.6: what is said by either side. */
export function forbidsTransform(cacheControl: string | null): boolean {
  return cacheControl !== null && parseDirectives(cacheControl).has('no-transform')
}
