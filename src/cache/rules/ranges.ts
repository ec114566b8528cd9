import { matchStrongly } from './entity-tag.ts'
import { combined, type Fields } from './fields.ts'
import { members } from './list.ts'

/** A part of a representation; the last byte is included. */
export interface Part {
  readonly first: number
  readonly last: number
}

/** What a request wants of a representation of a known size. `whole`: no Range, or one that does not count. */
export type Wanted =
  | { readonly kind: 'whole' }
  /** In the order of the request, joined where they overlap or nearly meet; one or more. */
  | { readonly kind: 'parts'; readonly parts: readonly Part[] }
  /** 416 with the size in Content-Range (RFC 9110 section 15.5.17). */
  | { readonly kind: 'unsatisfiable' }

/** What If-Range is compared with: the fields as they are sent; null: absent. */
export interface RangeValidators {
  readonly etag: string | null
  readonly lastModified: string | null
  /** RFC 9110 section 8.8.2.2: the second in which it was modified was over when the answer was made. */
  readonly isDateStrong: boolean
}

const WHOLE: Wanted = { kind: 'whole' }
/** RFC 9110 section 14.2: more may be an attack, and are ignored, as are many that overlap. */
const MOST_RANGES = 16
const MOST_OVERLAPS = 2
/** Bytes: less than the head of a part in multipart/byteranges costs (RFC 9110 section 15.3.7.2). */
const WORTH_A_PART = 80

/** @param size bytes of the whole representation */
export function rangesOf(method: string, request: Fields, validators: RangeValidators, size: number): Wanted {
  const value = combined(request, 'range')
  // RFC 9110 section 14.2: Range counts for GET alone.
  if (value === null || method !== 'GET' || !isConditionMet(request, validators)) return WHOLE
  const asked = parseRange(value)
  if (asked === null) return WHOLE
  const parts = asked.flatMap((range) => resolve(range, size))
  if (parts.length === 0) return { kind: 'unsatisfiable' }
  if (overlaps(parts) > MOST_OVERLAPS) return WHOLE
  return { kind: 'parts', parts: joined(parts) }
}

/** RFC 9110 section 13.1.5: strong comparison, and a date only as it was sent, byte for byte. */
export function isConditionMet(request: Fields, { etag, lastModified, isDateStrong }: RangeValidators): boolean {
  const condition = combined(request, 'if-range')
  if (condition === null) return true
  if (etag !== null && matchStrongly(condition, etag)) return true
  return isDateStrong && condition === lastModified
}

/** A range as asked for: a null `first` counts `last` bytes from the end, a null `last` is the end. */
export interface AskedRange {
  readonly first: number | null
  readonly last: number | null
}

const RANGE = /^(\d{1,15})-(\d{1,15})?$|^-(\d{1,15})$/

/** null: another unit, no grammar, or too many ranges: the field does not count (RFC 9110 section 14.2). */
export function parseRange(value: string): AskedRange[] | null {
  const equals = value.indexOf('=')
  if (equals < 0 || value.slice(0, equals).toLowerCase() !== 'bytes') return null
  const specs = members(value.slice(equals + 1))
  if (specs.length === 0 || specs.length > MOST_RANGES) return null
  const ranges: AskedRange[] = []
  for (const spec of specs) {
    const match = RANGE.exec(spec)
    if (match === null) return null
    const first = match[1] === undefined ? null : Number(match[1])
    const end = match[2] ?? match[3]
    const last = end === undefined ? null : Number(end)
    if (first !== null && last !== null && last < first) return null
    ranges.push({ first, last })
  }
  return ranges
}

/** RFC 9110 section 14.1.2; nothing: beyond the end, or the last 0 bytes. */
function resolve({ first, last }: AskedRange, size: number): Part[] {
  if (first === null) return last === 0 || size === 0 ? [] : [{ first: Math.max(0, size - last!), last: size - 1 }]
  return first >= size ? [] : [{ first, last: Math.min(last ?? size - 1, size - 1) }]
}

function overlaps(parts: readonly Part[]): number {
  let count = 0
  for (const [at, one] of parts.entries()) {
    for (const other of parts.slice(0, at)) if (one.first <= other.last && other.first <= one.last) count++
  }
  return count
}

/** RFC 9110 section 15.3.7.2: parts that overlap, or that less lies between than a head takes, become one. */
function joined(parts: readonly Part[]): Part[] {
  const result: Part[] = []
  for (const part of parts) {
    let { first, last } = part
    let place = result.length
    for (let at = result.length - 1; at >= 0; at--) {
      const other = result[at]!
      if (first > other.last + WORTH_A_PART || other.first > last + WORTH_A_PART) continue
      first = Math.min(first, other.first)
      last = Math.max(last, other.last)
      result.splice(at, 1)
      place = at
    }
    result.splice(place, 0, { first, last })
  }
  return result
}
