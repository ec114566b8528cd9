import { isMultipart, parseContentRange, type Representation } from './resume.ts'

/** One range of RFC 9110 section 14.1.2: `bytes=0-499`, `bytes=500-` or `bytes=-500`. */
const ONE_RANGE = /^bytes=(\d{0,15})-(\d{0,15})$/i

/**
 * Whether a 206 to GET is the part that was asked for: a client that takes another for it, or a part for the whole, has
 * a broken file. Units other than bytes are between the client and its server (RFC 9110 section 14.1).
 *
 * @param asked the value of the client's Range; null: it asked for the whole
 */
export function isPartAsked(asked: string | null, answer: Representation): boolean {
  if (answer.status !== 206) return true
  if (answer.contentRange === null) return asked !== null && isMultipart(answer)
  if (!/^bytes\b/i.test(answer.contentRange)) return true
  const range = parseContentRange(answer.contentRange)
  if (range === null || asked === null) return false
  const one = ONE_RANGE.exec(asked.replace(/\s/g, ''))
  // Several ranges may come as one that holds them all: RFC 9110 section 15.3.7.2.
  if (one === null) return true
  const [, first, last] = one as unknown as [string, string, string]
  if (first === '') return range.complete === null || range.last === range.complete - 1
  return range.first === Number(first) && (last === '' || range.last <= Number(last))
}
