import type { ResponseHead } from './attempt.ts'
import type { Representation } from './resume.ts'

/** A header field's value, decoded as latin1; null where it is missing, and null where it stands more than once. */
export function fieldOf({ rawHeaders }: ResponseHead, name: string): string | null {
  let value: string | null = null
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const candidate = rawHeaders[i]!
    if (candidate.length !== name.length || candidate.toString('latin1').toLowerCase() !== name) continue
    if (value !== null) return null
    value = rawHeaders[i + 1]!.toString('latin1').trim()
  }
  return value
}

/** The fields that say which bytes these are. */
export function representationOf(head: ResponseHead): Representation {
  return {
    status: head.status,
    etag: fieldOf(head, 'etag'),
    lastModified: fieldOf(head, 'last-modified'),
    contentLength: fieldOf(head, 'content-length'),
    contentRange: fieldOf(head, 'content-range'),
    contentEncoding: codingsOf(head),
    contentType: fieldOf(head, 'content-type'),
  }
}

/** Every line counts: two codings are not none. */
function codingsOf({ rawHeaders }: ResponseHead): string | null {
  const codings: string[] = []
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]!.length !== 16 || rawHeaders[i]!.toString('latin1').toLowerCase() !== 'content-encoding') continue
    codings.push(rawHeaders[i + 1]!.toString('latin1').trim())
  }
  return codings.length === 0 ? null : codings.join(', ')
}

/** A wait that an endpoint must not ask for more than: half an answer of a hostile one would be enough to lose it. */
const MAX_RETRY_AFTER = 60_000

/** RFC 9110 section 10.2.3, in milliseconds from now; 0 where it is missing or not to be understood. */
export function retryAfterOf(head: ResponseHead, nowEpoch: number): number {
  return parseRetryAfter(fieldOf(head, 'retry-after'), nowEpoch)
}

export function parseRetryAfter(field: string | null, nowEpoch: number): number {
  if (field === null) return 0
  const ms = /^\d{1,9}$/.test(field) ? Number(field) * 1000 : Date.parse(field) - nowEpoch
  return Number.isNaN(ms) ? 0 : Math.min(Math.max(ms, 0), MAX_RETRY_AFTER)
}

/** A challenge for browsers, which a gateway cannot pass and must not cache. */
export function isChallenge(head: ResponseHead): boolean {
  return fieldOf(head, 'cf-mitigated')?.toLowerCase() === 'challenge'
}
