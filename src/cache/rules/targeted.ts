import { type Directives, INVALID, parseDirectives } from './directives.ts'
import { combined, type Fields } from './fields.ts'
import { type Item, parseDictionary } from './structured-dictionary.ts'

/** RFC 9213 section 2.2: our target list. Ours is for us and ends here; the second is for every CDN, and is passed on. */
export const TARGET_LIST = ['polycdn-cache-control', 'cdn-cache-control'] as const

/** What governs the storing of an answer. */
export interface ResponseDirectives {
  readonly directives: Directives
  /** By which targeted field; null: by Cache-Control, so that Expires counts too. */
  readonly target: (typeof TARGET_LIST)[number] | null
}

/** The first targeted field that is neither empty nor wrong, else Cache-Control (RFC 9213 section 2.2). */
export function responseDirectives(fields: Fields): ResponseDirectives {
  for (const target of TARGET_LIST) {
    const value = combined(fields, target)
    const parsed = value === null ? null : parseDictionary(value)
    if (parsed !== null && parsed.size > 0) return { directives: fromItems(parsed), target }
  }
  return { directives: parseDirectives(combined(fields, 'cache-control')), target: null }
}

/** RFC 9213 section 2.1: seconds are Integers, flags Booleans, lists of fields Strings. Other types have no meaning. */
function fromItems(items: ReadonlyMap<string, Item>): Directives {
  const directives = new Map<string, string | null>()
  for (const [name, item] of items) {
    if (item.type === 'boolean') {
      if (item.value) directives.set(name, null)
    } else if (item.type === 'integer') directives.set(name, item.value < 0 ? INVALID : String(item.value))
    else if (item.type === 'string' && (name === 'private' || name === 'no-cache')) directives.set(name, item.value)
    else directives.set(name, INVALID)
  }
  return directives
}
