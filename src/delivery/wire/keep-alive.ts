import { members } from '../../cache/rules/list.ts'
import { type Framing, hasContent, isNamed } from './framing.ts'
import type { WireHead } from './head-parser.ts'

/** Milliseconds that a connection waits for its next request, where its other side says nothing. */
const IDLE = 30_000
const LONGEST = 600_000
/** A request takes its time to arrive: so much sooner than the other side a connection is left. */
const MARGIN = 2_000

/**
 * Milliseconds for which a connection may be used again after this answer (RFC 9112 section 9.3); 0: not at all.
 */
export function keptAlive(method: string, head: WireHead, framing: Framing): number {
  if (framing === 'until-end' || method === 'HEAD') return 0
  const { status, minor, rawHeaders } = head
  let persists = minor === 1
  let idle = IDLE
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!
    if (name.length === 10 && isNamed(name, 'connection')) {
      const options = members(rawHeaders[i + 1]!.toString('latin1').toLowerCase())
      if (options.includes('close')) return 0
      persists ||= options.includes('keep-alive')
    } else if (name.length === 10 && isNamed(name, 'keep-alive')) {
      const seconds = /timeout=(\d+)/.exec(rawHeaders[i + 1]!.toString('latin1'))?.[1]
      if (seconds !== undefined) idle = Math.min(Number(seconds) * 1000 - MARGIN, LONGEST)
    } else if (!hasContent(method, status) && announcesContent(name, rawHeaders[i + 1]!)) {
      // Some send the content that a 204 or 304 names: it would be read as the next answer.
      return 0
    }
  }
  return persists ? Math.max(idle, 0) : 0
}

function announcesContent(name: Buffer, value: Buffer): boolean {
  if (name.length === 14 && isNamed(name, 'content-length')) return Number(value.toString('latin1')) > 0
  return name.length === 17 && isNamed(name, 'transfer-encoding')
}
