import { evaluate } from '../cache/rules/preconditions.ts'
import { parseRange, rangesOf } from '../cache/rules/ranges.ts'
import type { Wanted } from '../providers/proof.ts'

/** What a client asks of an object: the method and the fields that make it conditional, by their lower-case names. */
export interface Asked {
  readonly method: string
  header(name: string): string | null
}

/** What an answer is to contain; `last` is less than `first` where it contains nothing. */
export interface AskedPart {
  readonly status: 200 | 206 | 304 | 404 | 410 | 412 | 416 | 451
  readonly first: number
  readonly last: number
}

const NOTHING = { first: 0, last: -1 }
const CONDITIONS = ['if-match', 'if-none-match', 'if-range', 'range']

/** Which part of an object that is proved is to be sent. It has no date, so what asks by one gets the whole. */
export function askedPart(asked: Asked, { size, etag }: { readonly size: number; readonly etag: string }): AskedPart {
  const fields = CONDITIONS.flatMap((name) => {
    const value = asked.header(name)
    return value === null ? [] : [name, value]
  })
  const evaluated = evaluate(asked.method, fields, { etag, lastModified: null }, 0)
  if (evaluated !== 'proceed') return { status: evaluated, ...NOTHING }
  const wanted = rangesOf(asked.method, fields, { etag, lastModified: null, isDateStrong: false }, size)
  if (wanted.kind === 'unsatisfiable') return { status: 416, ...NOTHING }
  const parts = wanted.kind === 'parts' ? wanted.parts : []
  // Several ranges in one request are answered with the whole, as RFC 9110 section 14.2 allows.
  return parts.length === 1 ? { status: 206, ...parts[0]! } : { status: 200, first: 0, last: size - 1 }
}

/** What of an object will be wanted, as far as that can be told before its size is known. */
export function wantedOf(asked: Asked): Wanted {
  if (asked.method === 'HEAD') return 'none'
  const value = asked.header('range')
  const [range, ...others] = (value === null ? null : parseRange(value)) ?? []
  if (range === undefined || others.length > 0) return { first: 0, last: null }
  if (range.first !== null) return { first: range.first, last: range.last }
  // The last 0 bytes: unsatisfiable, as a first byte beyond any end is.
  return { first: range.last === 0 ? Number.MAX_SAFE_INTEGER : -range.last!, last: null }
}
