import type { IncomingHttpHeaders } from 'node:http'
import type { EntryHead } from '../../cache/entry.ts'
import { evaluate } from '../../cache/rules/preconditions.ts'
import { type Part, rangesOf } from '../../cache/rules/ranges.ts'
import { validatorsOf } from '../../cache/rules/validators.ts'
import type { Admitted } from '../exchange.ts'

/** What of a stored answer is sent. `parts`: which bytes of it, in this order; null: all that it has. */
export interface Selection {
  readonly status: number
  readonly parts: readonly Part[] | null
}

/** Whether a request asks for anything but the whole. */
export function isConditional(headers: IncomingHttpHeaders): boolean {
  return (
    headers.range !== undefined ||
    headers['if-none-match'] !== undefined ||
    headers['if-modified-since'] !== undefined ||
    headers['if-match'] !== undefined ||
    headers['if-unmodified-since'] !== undefined
  )
}

/**
 * What a client is to get of an answer that it may have.
 *
 * @param size bytes of the representation; null: nobody knows yet, so that Range does not count (RFC 9110 section 14.2)
 */
export function select({ raw, method }: Admitted, head: EntryHead, size: number | null, now: number): Selection {
  const whole: Selection = { status: head.status, parts: null }
  // RFC 9110 section 13.2.1: conditions are about what would be a success.
  if (head.status !== 200 || !isConditional(raw.headers)) return whole
  const validators = validatorsOf(head.fields, head.freshness.responseTime)
  const evaluated = evaluate(method, raw.rawHeaders, validators, now)
  if (evaluated !== 'proceed') return { status: evaluated, parts: [] }
  const wanted = size === null ? whole : rangesOf(method, raw.rawHeaders, validators.range, size)
  if (!('kind' in wanted) || wanted.kind === 'whole') return whole
  return wanted.kind === 'parts' ? { status: 206, parts: wanted.parts } : { status: 416, parts: [] }
}
