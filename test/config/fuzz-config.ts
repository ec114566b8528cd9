import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Problem } from '../../src/config/problem.ts'
import { buildSnapshot } from '../../src/config/source.ts'
import { seededRandom } from '../helpers/random.ts'

export interface FuzzOptions {
  readonly seed: number
  /** It stops at whichever comes first. */
  readonly seconds: number
  readonly count?: number
}

export interface FuzzResult {
  readonly count: number
  /** Texts that were right. */
  readonly good: number
  /** Milliseconds. */
  readonly slowest: number
  /** What must not be, in words, with the seed of the one text. */
  readonly findings: readonly string[]
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
/** Milliseconds for any text, and for each of its KiB. Generous: they bound a hang, they measure nothing. */
const PATIENCE = 1_000
const PATIENCE_PER_KIB = 50
const LONGEST = 48 * 1024
const SECRET = 'hunter2-hunter2'
const ENV = { SECRET, PORT: '8080', EMPTY: '', LIST: '[a, b]' }

const variable = (name: string) => `\${${name}}`

/** What YAML parsers and schemas stumble over. */
const PIECES: readonly string[] = [
  ...['\n', '\n\n', ' ', '  ', '\t', '\r', '\0', '\x85', '\u2028', '\uFEFF', '\uD800', '\u202e', '💥', 'é', '\x7f'],
  ...[
    ': ',
    '- ',
    '? ',
    ', ',
    '{',
    '}',
    '[',
    ']',
    '#',
    ' #',
    '"',
    "'",
    '|',
    '>',
    '|2-',
    '---\n',
    '...\n',
    '%YAML 1.1\n',
  ],
  ...['&a ', '*a', '&b [*a, *a]', '<<: *a', '!!binary ', '!!set ', '!!omap ', '!!str ', '!x ', '!<tag:x> ', '!!float '],
  ...[
    '0',
    '-0',
    '-1',
    '1e999',
    '.inf',
    '.nan',
    '0x7fffffffffffffff',
    '0o17',
    '1_000',
    '99999999999999999999',
    '1e-400',
  ],
  ...['null', '~', 'true', 'yes', '2026-01-01', '1h', '-5s', '1e9s', '9007199254740993ms', '1GiB', '999999999TiB', '%'],
  ...[
    '__proto__',
    'constructor',
    'toString',
    '"": ',
    variable('SECRET'),
    variable('PORT'),
    variable('EMPTY'),
    variable('LIST'),
    '${',
    variable('X:-y'),
  ],
  ...[
    '0.0.0.0/0',
    '::/0',
    '::1',
    '256.1.1.1',
    '10.0.0.0/33',
    'https://',
    'http://u:p@a',
    '/../',
    '*',
    '*.',
    '**',
    '(a+)+$',
  ],
  ...[
    '[[[[[[[[',
    '{a: {b: {c: ',
    'version: 2',
    'extends: default',
    'sites: []',
    'cdns: {}',
    `token: ${variable('SECRET')}`,
  ],
]

/** Texts and places to begin with: the example, the documentation, and what was once found. */
export function configCorpus(): readonly string[] {
  const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')
  const documents = readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md'))
  const blocks = documents.flatMap((name) => [...read(`docs/${name}`).matchAll(/```yaml\n(.*?)```/gs)])
  const kept = readdirSync(join(ROOT, 'test/fixtures/fuzz/config')).map((name) =>
    read(`test/fixtures/fuzz/config/${name}`),
  )
  return [read('config.example.yaml'), ...blocks.map(([, text]) => text!), ...kept]
}

/** Builds snapshots of damaged configurations: never a throw, a hang, a secret, or a problem outside of the text. */
export function fuzzConfig({ seed, seconds, count: most = Number.POSITIVE_INFINITY }: FuzzOptions): FuzzResult {
  const corpus = configCorpus()
  const findings: string[] = []
  const end = performance.now() + seconds * 1_000
  let [count, good, slowest] = [0, 0, 0]
  for (; count < most && performance.now() < end && findings.length < 20; count++) {
    const own = seed + count
    const text = count < corpus.length ? corpus[count]! : mutate(corpus, seededRandom(own))
    const began = performance.now()
    const verdict = judgeConfig(text)
    const took = performance.now() - began
    slowest = Math.max(slowest, took)
    if (verdict.good) good++
    const late = took > PATIENCE + (PATIENCE_PER_KIB * text.length) / 1024 ? [`it took ${Math.round(took)} ms`] : []
    for (const what of [...verdict.findings, ...late]) findings.push(`seed ${own}: ${what}, of ${JSON.stringify(text)}`)
  }
  return { count, good, slowest: Math.round(slowest), findings }
}

function mutate(corpus: readonly string[], random: () => number): string {
  const below = (limit: number) => Math.floor(random() * limit)
  const pick = <T>(items: readonly T[]): T => items[below(items.length)]!
  let text = pick(corpus)
  for (let left = 1 + below(6); left > 0; left--) {
    const at = below(text.length + 1)
    const [before, after] = [text.slice(0, at), text.slice(at)]
    const lines = text.split('\n')
    const line = below(lines.length)
    const ways = [
      () => before + pick(PIECES) + after,
      () => before + pick(PIECES) + after.slice(below(12)),
      () => before + pick(PIECES).repeat(2 ** below(13)) + after,
      () => before + after.slice(below(20)),
      () => before + String.fromCharCode(below(0x3000)) + after.slice(1),
      () => before + pick(corpus).slice(below(2000)),
      () => lines.toSpliced(line, 0, pick(pick(corpus).split('\n'))).join('\n'),
      () => lines.toSpliced(line, 1).join('\n'),
      () => lines.toSpliced(line, 0, ...lines.slice(line, line + below(30))).join('\n'),
      () => lines.with(line, ' '.repeat(below(8)) + lines[line]!.trimStart()).join('\n'),
      () =>
        lines
          .with(
            line,
            lines[line]!.replace(/: .*/, () => `: ${pick(PIECES)}`),
          )
          .join('\n'),
      () =>
        lines
          .with(
            line,
            lines[line]!.replace(/: (?=.)/, () => `: ${pick(['&a', '*a', '!!str', variable('SECRET')])} `),
          )
          .join('\n'),
    ]
    text = pick(ways)().slice(0, LONGEST)
  }
  return text
}

/** What must not be of a text, and whether the text is right. */
export function judgeConfig(text: string): { readonly good: boolean; readonly findings: readonly string[] } {
  try {
    const built = buildSnapshot({ path: 'c.yaml', text, files: new Map() }, ENV)
    const problems = 'problems' in built ? built.problems : built.warnings
    const findings = problems.flatMap((problem) => judgeProblem(problem, text))
    if ('problems' in built && problems.length === 0) findings.push('refused without a problem')
    return { good: 'snapshot' in built, findings }
  } catch (thrown) {
    return { good: false, findings: [`thrown ${thrown instanceof Error ? thrown.stack : thrown}`] }
  }
}

function judgeProblem({ line, column, message, path }: Problem, text: string): string[] {
  const found: string[] = []
  const lines = text.replace(/^\uFEFF/, '').split('\n')
  const width = lines[line - 1]?.length ?? -1
  if (!(line >= 1 && column >= 1 && column <= width + 1)) found.push(`${line}:${column} is no place in it (${message})`)
  if (message === '' || /undefined|\[object|RangeError|TypeError/.test(message)) found.push(`says ${message}`)
  if (message.includes(SECRET) || path.includes(SECRET)) found.push(`tells a secret: ${path}: ${message}`)
  return found
}
