import { members, trimBlanks, unquoted } from './list.ts'

/**
 * Directives of Cache-Control or of a targeted field by name, in lower case. The value is what stands behind `=`,
 * unquoted; null: nothing does. A name that was given two different values has INVALID.
 */
export type Directives = ReadonlyMap<string, string | null>

/** Stands for a value that cannot be one. */
export const INVALID = ''

/** RFC 9111 section 1.2.2: what is larger than can be counted counts as this; seconds. */
export const MOST_SECONDS = 2 ** 31

/** Parses the combined value of Cache-Control (RFC 9111 section 5.2); names are case-insensitive. */
export function parseDirectives(value: string | null): Directives {
  const directives = new Map<string, string | null>()
  if (value === null) return directives
  for (const member of members(value)) {
    const equals = member.indexOf('=')
    // Blanks before or behind `=` are no grammar: the directive counts, its value does not.
    const name = trimBlanks(equals < 0 ? member : member.slice(0, equals)).toLowerCase()
    const blank = equals >= 0 && (/[ \t]$/.test(member.slice(0, equals)) || /^[ \t]/.test(member.slice(equals + 1)))
    const argument = equals < 0 ? null : blank ? INVALID : unquoted(member.slice(equals + 1))
    add(directives, name, argument)
  }
  return directives
}

/** RFC 9111 section 4.2.1: of two values for one directive neither is believed, and lists of fields are added up. */
function add(directives: Map<string, string | null>, name: string, argument: string | null): void {
  const before = directives.get(name)
  if (before === undefined) directives.set(name, argument)
  else if (before === argument) return
  else if (name === 'private' || name === 'no-cache') {
    // The unqualified form is the stricter one.
    directives.set(name, before === null || argument === null ? null : `${before},${argument}`)
  } else directives.set(name, INVALID)
}

/** RFC 9111 section 1.2.2: digits only. null: absent; NaN: there, but no number. */
export function seconds(directives: Directives, name: string): number | null {
  const value = directives.get(name)
  if (value === undefined) return null
  return value === null ? Number.NaN : deltaSeconds(value)
}

/** NaN where it is no delta-seconds. */
export function deltaSeconds(text: string): number {
  return /^\d+$/.test(text) ? Math.min(Number(text), MOST_SECONDS) : Number.NaN
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/

/**
 * The fields that a qualified `private` or `no-cache` lists (RFC 9111 sections 5.2.2.4 and 5.2.2.7), in lower case.
 * `all`: the directive stands without a list, or with one that cannot be read. null: it is absent.
 */
export function listedFields(directives: Directives, name: 'private' | 'no-cache'): readonly string[] | 'all' | null {
  const value = directives.get(name)
  if (value === undefined) return null
  if (value === null) return 'all'
  const names = members(value.toLowerCase())
  return names.length > 0 && names.every((one) => TOKEN.test(one)) ? names : 'all'
}
