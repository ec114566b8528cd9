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
