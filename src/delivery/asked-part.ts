import type { Wanted } from '../providers/proof.ts'

/** What a client asks of an object: the method and the fields that make it conditional, by their lower-case names. */
export interface Asked {
  readonly method: string
  header(name: string): string | null
}

/** What an answer is to contain; `last` is less than `first` where it contains nothing. */
export interface AskedPart {
  readonly status: 200 | 206 | 304 | 404 | 410 | 412 | 416 | 451
  readonly first: number
  readonly last: number
}

/** One range: several in one request are answered with the whole, as RFC 9110 section 14.2 allows. */
const ONE_RANGE = /^bytes=(?:(\d{1,15})-(\d{1,15})?|-(\d{1,15}))$/i

const NOTHING = { first: 0, last: -1 }

/** Which part of an object that is known is to be sent: preconditions in the order of RFC 9110 section 13.2.2. */
export function askedPart(asked: Asked, { size, etag }: { readonly size: number; readonly etag: string }): AskedPart {
  const ifMatch = asked.header('if-match')
  if (ifMatch !== null && !matches(ifMatch, etag, false)) return { status: 412, ...NOTHING }
  const ifNoneMatch = asked.header('if-none-match')
  if (ifNoneMatch !== null && matches(ifNoneMatch, etag, true)) return { status: 304, ...NOTHING }
  const whole = { status: 200, first: 0, last: size - 1 } as const
  // RFC 9110 section 14.2: Range means something for GET alone.
  if (asked.method !== 'GET' || !mayBePart(asked, etag)) return whole
  const range = parseRange(asked.header('range'))
  if (range === null) return whole
  const first = range.first < 0 ? Math.max(size + range.first, 0) : range.first
  const last = Math.min(range.last ?? size - 1, size - 1)
  if (first > last) return { status: 416, ...NOTHING }
  return { status: 206, first, last }
}

/** What of an object will be wanted, as far as that can be told before its size is known. */
export function wantedOf(asked: Asked): Wanted {
  if (asked.method === 'HEAD') return 'none'
  return parseRange(asked.header('range')) ?? { first: 0, last: null }
}

/** `first` is negative where the last so many bytes are wanted. */
function parseRange(field: string | null): { readonly first: number; readonly last: number | null } | null {
  const match = field === null ? null : ONE_RANGE.exec(field.replace(/\s/g, ''))
  if (match === null) return null
  const [, first, last, suffix] = match
  // The last 0 bytes: unsatisfiable, as a first byte beyond any end is.
  if (suffix !== undefined)
    return { first: Number(suffix) === 0 ? Number.MAX_SAFE_INTEGER : -Number(suffix), last: null }
  const range = { first: Number(first), last: last === undefined ? null : Number(last) }
  return range.last !== null && range.last < range.first ? null : range
}

/** RFC 9110 section 13.1.5: a strong comparison; a date is never that of what has none. */
function mayBePart(asked: Asked, etag: string): boolean {
  const ifRange = asked.header('if-range')
  return ifRange === null || ifRange.trim() === etag
}

/** RFC 9110 sections 13.1.1 and 13.1.2; weak tags are equal to ours only where `weak` is. */
function matches(field: string, etag: string, weak: boolean): boolean {
  if (field.trim() === '*') return true
  for (const [, prefix, tag] of field.matchAll(/(W\/)?("[^"]*")/g)) {
    if (tag === etag && (weak || prefix === undefined)) return true
  }
  return false
}
