import { randomBytes } from 'node:crypto'
import { combined } from '../../cache/rules/fields.ts'
import { multipartOf } from '../../cache/rules/multipart.ts'
import type { Exchange } from '../exchange.ts'
import { type Content, contentOf } from './content-of.ts'
import type { Source } from './pour.ts'
import type { Selection } from './selection.ts'
import { partHeaders, type ToldHead } from './served-head.ts'
import type { ReadyAnswer } from './whole-answer.ts'

export interface Selected {
  /** Its `parts` are not null. */
  readonly selection: Selection
  readonly told: ToldHead
  /** Bytes of the whole representation. */
  readonly size: number | null
}

/** Parts of an answer, or only what is said of it: 304, 412 and 416. null: their beginning is gone already. */
export function partialAnswer(exchange: Exchange, content: Content, selected: Selected): ReadyAnswer | null {
  const { selection, told, size } = selected
  const { writer, admitted } = exchange
  const { head } = content
  const parts = selection.parts!
  const boundary = parts.length > 1 ? randomBytes(16).toString('hex') : null
  const multipart =
    boundary === null ? null : multipartOf(parts, size!, combined(head.fields, 'content-type'), boundary)
  const headers = partHeaders(exchange, head, selection, { told, size, multipart })
  const segments: (Buffer | Source)[] = []
  const isEmpty = admitted.method !== 'GET' || head.status === 204
  for (const [at, part] of isEmpty ? [] : parts.entries()) {
    const bytes = contentOf(content, part)
    if (bytes === null) return null
    if (multipart !== null) segments.push(Buffer.from(multipart.heads[at]!, 'latin1'))
    segments.push(...bytes)
  }
  if (multipart !== null && !isEmpty) segments.push(Buffer.from(multipart.end, 'latin1'))
  return { writer, status: selection.status, headers, segments }
}
