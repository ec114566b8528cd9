import { trimBlanks } from '../cache/rules/list.ts'

/**
 * Fields that an answer may have: many clients stop at 100 or 2,000, and the limit of bytes alone would let tens of
 * thousands of empty ones through.
 */
const MAX_FIELDS = 1000

/** What a head says of itself. `rawHeaders` is a flat list of names and values as received. */
export interface UnjudgedHead {
  readonly status: number
  readonly rawHeaders: readonly (Buffer | string)[]
}

/**
 * Whether an answer may be believed: a status of RFC 9110 section 15, and a framing that nobody after us could read
 * otherwise (RFC 9112 section 6). The parsers have refused what is no grammar; this is what they let through.
 */
export function isSound({ status, rawHeaders }: UnjudgedHead): boolean {
  if (status < 100 || status > 599 || rawHeaders.length > 2 * MAX_FIELDS) return false
  let lengths = 0
  let codings = 0
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!
    if (name.length === 14 && lower(name) === 'content-length') {
      if (++lengths > 1 || !isLength(lower(rawHeaders[i + 1]!))) return false
    } else if (name.length === 17 && lower(name) === 'transfer-encoding') {
      // We ask for no coding (no TE), so any but chunked, once, would reach the client undecoded.
      if (++codings > 1 || lower(rawHeaders[i + 1]!) !== 'chunked') return false
    }
  }
  // RFC 9110 section 8.6: what an interim answer counts is read as content by some and as the answer by others.
  if (lengths > 0 && status < 200) return false
  return codings === 0 || (lengths === 0 && mayBeCoded(status))
}

/** RFC 9112 section 6.1: a 1xx and a 204 have no Transfer-Encoding; a 304 may say what a 200 would have had. */
function mayBeCoded(status: number): boolean {
  return status >= 200 && status !== 204
}

/** RFC 9110 section 8.6; more than a number can count exactly would be compared wrong. */
function isLength(value: string): boolean {
  return /^\d+$/.test(value) && Number.isSafeInteger(Number(value))
}

/** White space is what RFC 9110 section 5.6.3 names: trim() takes a no-break space too, and the parser takes it for a part. */
function lower(value: Buffer | string): string {
  const text = typeof value === 'string' ? value : value.toString('latin1')
  return trimBlanks(text).toLowerCase()
}
