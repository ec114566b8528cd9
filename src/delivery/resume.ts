import type { ResumeSettings } from '../config/snapshot.ts'

/** The header fields that say which bytes an answer has. Absent fields are null. */
export interface Representation {
  readonly status: number
  readonly etag: string | null
  readonly lastModified: string | null
  readonly contentLength: string | null
  readonly contentRange: string | null
  readonly contentEncoding: string | null
  readonly contentType: string | null
}

/** What the client has been promised, as far as it lets another endpoint continue. */
export interface Resumable {
  /** `etag`: a strong one. `date`: Last-Modified, and the length is known. */
  readonly proof: 'etag' | 'date'
  readonly validator: string
  /** Of the whole representation; null where the first answer did not say. */
  readonly completeLength: number | null
  readonly encoding: string | null
  /** The first and last byte of the representation that the client is to get; the last is null if unknown. */
  readonly first: number
  readonly last: number | null
}

/** What a further endpoint is asked for: the values of Range and If-Range. */
export interface Part {
  readonly range: string
  readonly ifRange: string
}

const CONTENT_RANGE = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/i
const STRONG_ETAG = /^"[\x21\x23-\x7e\x80-\xff]*"$/

/** What could continue this answer elsewhere, or null: then a failure in its body cannot be hidden. */
export function resumable(answer: Representation, { enabled, require }: ResumeSettings): Resumable | null {
  if (!enabled || (answer.status !== 200 && answer.status !== 206)) return null
  const span = spanOf(answer)
  if (span === null) return null
  const encoding = answer.contentEncoding?.toLowerCase() ?? null
  if (answer.etag !== null && STRONG_ETAG.test(answer.etag)) {
    return { proof: 'etag', validator: answer.etag, encoding, ...span }
  }
  if (require !== 'length-and-date' || answer.lastModified === null || span.completeLength === null) return null
  return { proof: 'date', validator: answer.lastModified, encoding, ...span }
}

/** Which bytes of the representation an answer has, as far as it says. */
interface Span {
  readonly completeLength: number | null
  readonly first: number
  readonly last: number | null
}

/** null: several ranges, nothing at all, or what makes no sense. */
function spanOf(answer: Representation): Span | null {
  if (answer.status === 200) {
    if (answer.contentLength === null) return { completeLength: null, first: 0, last: null }
    const length = Number(answer.contentLength)
    return Number.isSafeInteger(length) && length > 0 ? { completeLength: length, first: 0, last: length - 1 } : null
  }
  // Several ranges in one answer come as multipart/byteranges, without Content-Range: RFC 9110 section 15.3.7.2.
  if (answer.status !== 206 || isMultipart(answer)) return null
  const range = parseContentRange(answer.contentRange)
  return range === null ? null : { completeLength: range.complete, first: range.first, last: range.last }
}

/** Several ranges in one answer: RFC 9110 section 15.3.7.2. */
export function isMultipart({ contentType }: Representation): boolean {
  return contentType?.toLowerCase().startsWith('multipart/byteranges') ?? false
}

/** How many bytes of body an answer to GET promises; null where it does not say. */
export function promisedLength(answer: Representation): number | null {
  const span = spanOf(answer)
  return span === null || span.last === null ? null : span.last - span.first + 1
}

/** A range of another length than its content: whoever believes one of them hangs, or reads the next answer wrong. */
export function contradictsItself(answer: Representation): boolean {
  if (answer.status !== 206 || answer.contentLength === null) return false
  const length = promisedLength(answer)
  return length !== null && length !== Number(answer.contentLength)
}

/** Asks for everything from the first byte that the client does not have. */
export function partFrom(resumable: Resumable, delivered: number): Part {
  const from = resumable.first + delivered
  return { range: `bytes=${from}-${resumable.last ?? ''}`, ifRange: resumable.validator }
}

/**
 * Whether an answer to `partFrom` continues what the client has: exactly the bytes asked for, of a representation with
 * the same validator, complete length and coding. Everything else, a 200 with the whole included, is refused.
 */
export function continues(resumable: Resumable, delivered: number, answer: Representation): boolean {
  if (answer.status !== 206) return false
  const range = parseContentRange(answer.contentRange)
  if (range === null || range.complete === null || range.first !== resumable.first + delivered) return false
  if (isMultipart(answer) || contradictsItself(answer)) return false
  if (range.last !== (resumable.last ?? range.complete - 1)) return false
  if (resumable.completeLength !== null && range.complete !== resumable.completeLength) return false
  if ((answer.contentEncoding?.toLowerCase() ?? null) !== resumable.encoding) return false
  // If-Range may have been ignored by what answers 206 all the same, so the validator has to be seen.
  return resumable.proof === 'etag' ? answer.etag === resumable.validator : answer.lastModified === resumable.validator
}

/** What is known of an answer once it was continued: from then on its complete length is part of the proof. */
export function continued(resumable: Resumable, answer: Representation): Resumable {
  const completeLength = parseContentRange(answer.contentRange)!.complete!
  return { ...resumable, completeLength, last: resumable.last ?? completeLength - 1 }
}

/** The bytes of a Content-Range, the last one included. `complete` is null where the whole length is unknown. */
export interface Range {
  readonly first: number
  readonly last: number
  readonly complete: number | null
}

/** null: missing, another unit, no range at all, or no sense. */
export function parseContentRange(field: string | null): Range | null {
  const match = field === null ? null : CONTENT_RANGE.exec(field)
  if (match === null) return null
  const [first, last] = [Number(match[1]), Number(match[2])]
  const complete = match[3] === '*' ? null : Number(match[3])
  if (first > last || (complete !== null && last >= complete)) return null
  return { first, last, complete }
}
