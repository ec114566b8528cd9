import type { Part } from '../../cache/rules/ranges.ts'
import type { Found } from '../../cache/tiers.ts'
import type { Source } from './pour.ts'
import { PulledSource } from './pulled-source.ts'

/** An answer that is stored or coming, and where its bytes are. */
export type Content = Pick<Found, 'head' | 'body' | 'encoded' | 'read'>

export const WHOLE: Part = { first: 0, last: Number.MAX_SAFE_INTEGER }

/** The bytes of a part: as they lie where they are all there, else what reads them. null: its beginning is gone already. */
export function contentOf({ head, body, read }: Content, part: Part): readonly (Buffer | Source)[] | null {
  if (body === null) {
    const end = (head.size ?? Number.MAX_SAFE_INTEGER) - 1
    return [new PulledSource(read({ first: part.first, last: Math.min(part.last, end) }))]
  }
  if (body.state === 'complete' && !body.isOverLimit) return body.slices(part)
  const reader = body.reader(part.first, part.last)
  return reader === null ? null : [reader]
}
