import type { Test } from 'tap'
import { parseConfig } from '../../src/config/parse.ts'
import { formatProblem } from '../../src/config/problem.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** The problems and warnings of a text, as lines. */
export function problemsOf(text: string, env: Environment = {}): readonly string[] {
  const parsed = parseConfig(text, 'c.yaml', env)
  return ('problems' in parsed ? parsed.problems : parsed.warnings).map(formatProblem)
}

/** Nothing but what is needed, on lines 1 to 3. Tests append to it. */
export const SITE = `sites:
  - { name: www, hosts: [www.example.com], origin: { urls: [https://o.example.com] } }
policies: { default: { mode: origin } }
`

/**
 * Asserts that a text has these problems and no others. Each `§` in the text marks the place of one, in order, and is
 * taken out of it.
 */
export function expectProblems(t: Test, marked: string, messages: readonly string[], env?: Environment): void {
  const pieces = marked.split('§')
  const places = pieces.slice(0, -1).map((_, index) => {
    const lines = pieces
      .slice(0, index + 1)
      .join('')
      .split('\n')
    return `c.yaml:${lines.length}:${lines.at(-1)!.length + 1}`
  })
  const expected = messages.map((message, index) => `${places[index]}: ${message}`)
  t.strictSame(problemsOf(pieces.join(''), env), expected, messages[0] ?? 'no problems')
}
