import type { Config } from '../schema/index.ts'
import type { HeaderEdit, HeaderRules } from '../snapshot.ts'

type Rules = Config['policies'][string]['headers']

export function compileHeaders(rules: Rules): HeaderRules {
  return { request: compileEdit(rules.request), response: compileEdit(rules.response) }
}

/** Names become lower-case; of two spellings of one name the last stays. */
export function compileEdit({ set, remove }: Rules['request']): HeaderEdit {
  const fields = new Map(Object.entries(set).map(([name, value]) => [name.toLowerCase(), value]))
  return { set: [...fields], remove }
}
