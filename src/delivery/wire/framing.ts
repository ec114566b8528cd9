import { isSound } from '../response-head.ts'
import type { WireHead } from './head-parser.ts'

/** How long a body is: so many bytes, as its chunks say, or until the connection ends. */
export type Framing = number | 'chunked' | 'until-end'

/**
 * How the content of an answer ends (RFC 9112 section 6.3); 0: it has none. null: the head contradicts itself, or says
 * what HTTP/1.0 does not know.
 */
export function framingOf(method: string, head: WireHead): Framing | null {
  if (!isSound(head) || head.status === 101) return null
  const { status, minor, rawHeaders } = head
  let framing: Framing = 'until-end'
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!
    if (name.length === 14 && isNamed(name, 'content-length')) {
      framing = Number(rawHeaders[i + 1]!.toString('latin1'))
    } else if (name.length === 17 && isNamed(name, 'transfer-encoding')) {
      // RFC 9112 section 6.1: who sends one with HTTP/1.0 does not know what it says.
      if (minor === 0) return null
      framing = 'chunked'
    }
  }
  return hasContent(method, status) ? framing : 0
}

/** RFC 9110 section 6.4.1. */
export function hasContent(method: string, status: number): boolean {
  return method !== 'HEAD' && status >= 200 && status !== 204 && status !== 304
}

/** @param name in lower case, and as long as the bytes */
export function isNamed(bytes: Buffer, name: string): boolean {
  return bytes.toString('latin1').toLowerCase() === name
}
