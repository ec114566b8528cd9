import { type Representation, resumable } from './resume.ts'

/** `invalid`: neither form of RFC 9110 section 8.8.3. */
export type EtagStrength = 'strong' | 'weak' | 'none' | 'invalid'

const ANY: Representation = {
  status: 200,
  etag: null,
  lastModified: null,
  contentLength: null,
  contentRange: null,
  contentEncoding: null,
  contentType: null,
}

/** Whether an ETag proves equal bytes, in the eyes of the gateway: what it resumes by is strong. */
export function etagStrength(etag: string | null): EtagStrength {
  if (etag === null) return 'none'
  if (resumable({ ...ANY, etag }, { enabled: true, require: 'strong-etag' }) !== null) return 'strong'
  return /^W\/"[^"]*"$/.test(etag) ? 'weak' : 'invalid'
}
