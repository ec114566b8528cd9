import t from 'tap'
import type { CacheRules } from '../../../src/cache/rules/rules.ts'
import { DEFAULT_RULES } from '../../../src/cache/rules/rules.ts'

/** One sentence of an RFC: its clause, what it is about, what goes in and what comes out. */
export type Row<In, Out> = readonly [clause: string, about: string, input: In, expected: Out]

/** Each row is an assertion that names its clause; a clause is `9111-4.2.1`, or `own` for what no RFC says. */
export function table<In, Out>(name: string, rows: readonly Row<In, Out>[], found: (input: In) => Out): void {
  t.test(name, async (t) => {
    for (const [clause, about, input, expected] of rows) {
      t.match(clause, /^(\d{4}-\d[\d.]*|own)$/)
      t.strictSame(found(input), expected, `${clause} ${about}: ${JSON.stringify(input)}`)
    }
  })
}

/** Fri, 01 Jan 2027 00:00:00 GMT */
export const NOW = Date.UTC(2027, 0, 1)

/** A date as fields have it, some seconds from NOW. */
export function date(seconds = 0): string {
  return new Date(NOW + seconds * 1000).toUTCString()
}

export const RULES: CacheRules = { ...DEFAULT_RULES, staleIfError: 0 }
export const HEURISTIC: CacheRules = { ...RULES, heuristic: true }

/** `a: 1 | b: 2` as a flat list. */
export function fields(text: string): string[] {
  if (text === '') return []
  return text.split(' | ').flatMap((line) => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, '')]
  })
}
