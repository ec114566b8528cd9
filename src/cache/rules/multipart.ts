import type { Part } from './ranges.ts'

/** An answer with several parts of a representation (RFC 9110 section 14.6). */
export interface Multipart {
  /** Values of Content-Type and Content-Length; Content-Range stands in the parts only. */
  readonly contentType: string
  readonly contentLength: number
  /** What goes before the bytes of each part, in order. */
  readonly heads: readonly string[]
  /** What goes behind the last one. */
  readonly end: string
}

/**
 * How several parts are sent as one answer (RFC 9110 section 15.3.7.2).
 *
 * @param type of the representation; null: it has none
 * @param boundary what stands in none of the parts: drawn by chance, letters and digits
 */
export function multipartOf(parts: readonly Part[], size: number, type: string | null, boundary: string): Multipart {
  const typeLine = type === null ? '' : `Content-Type: ${type}\r\n`
  const heads = parts.map(
    ({ first, last }, at) =>
      `${at === 0 ? '' : '\r\n'}--${boundary}\r\n${typeLine}Content-Range: bytes ${first}-${last}/${size}\r\n\r\n`,
  )
  const end = `\r\n--${boundary}--\r\n`
  const content = parts.reduce((sum, { first, last }) => sum + last - first + 1, 0)
  const contentLength = content + heads.reduce((sum, head) => sum + head.length, end.length)
  return { contentType: `multipart/byteranges; boundary=${boundary}`, contentLength, heads, end }
}
