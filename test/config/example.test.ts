import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { renderSchema } from '../../src/commands/schema.ts'
import { parseConfig } from '../../src/config/parse.ts'
import { formatProblem } from '../../src/config/problem.ts'

const root = join(import.meta.dirname, '../..')
const EXAMPLE = readFileSync(join(root, 'config.example.yaml'), 'utf8')

t.test('the example is right, without a warning, and stays on loopback', async (t) => {
  const parsed = parseConfig(EXAMPLE, 'config.example.yaml', {})
  if ('problems' in parsed) return t.fail('rejected', { problems: parsed.problems.map(formatProblem) })
  t.strictSame(parsed.warnings, [])
  const { config } = parsed
  const hosts = [
    ...config.listen.map(({ address }) => address.host),
    config.admin.address.host,
    ...config.cdns.flatMap(({ url, endpoints }) =>
      [url, ...(endpoints ?? []).map(({ url }) => url)].flatMap((url) => url?.hostname ?? []),
    ),
    ...config.sites.flatMap(({ origin }) => origin?.urls.map(({ hostname }) => hostname) ?? []),
  ]
  t.strictSame(new Set(hosts), new Set(['127.0.0.1']))
  t.strictSame(
    config.cdns.map(({ name, url }) => `${name} ${url?.url}`),
    [
      'frankfurt http://127.0.0.1:8081',
      'virginia http://127.0.0.1:8082',
      'singapore http://127.0.0.1:8083',
      'planet undefined',
    ],
  )
})

t.test('what the example has as a comment is right too', async (t) => {
  const block = /^ {2}# - name: cloudfront\n(?: {2}#.*\n)+/m
  const uncommented = EXAMPLE.replace(block, (lines) => lines.replace(/^ {2}# /gm, '  '))
  t.not(uncommented, EXAMPLE)
  const parsed = parseConfig(uncommented, 'c.yaml', {
    POLYCDN_ADMIN_TOKEN: '0123456789',
    BUNNY_TOKEN_KEY: '0123456789',
    BUNNY_API_KEY: '0123456789',
  })
  t.ok('config' in parsed, JSON.stringify(parsed))
  if ('config' in parsed) t.equal(parsed.config.cdns.length, 7)
})

t.test('so is what it has as a comment of decentralized networks', async (t) => {
  const uncommented = EXAMPLE.replace(/^ {4}# content:\n(?: {4}#.*\n)+/m, (lines) =>
    lines.replace(/^ {4}# /gm, '    '),
  ).replaceAll('[frankfurt, virginia, singapore]', '[frankfurt, virginia, singapore, planet]')
  const parsed = parseConfig(uncommented, 'c.yaml', {})
  if ('problems' in parsed) return t.fail('rejected', { problems: parsed.problems.map(formatProblem) })
  t.strictSame(parsed.warnings.map(formatProblem), [])
  t.equal(parsed.config.cdns.at(-1)?.provider, 'ipfs')
  t.not(parsed.config.sites[0]?.content.ipfs, null)
  t.not(parsed.config.sites[0]?.manifest, null)
})

t.test('config.schema.json is what `polycdn schema` prints', async (t) => {
  const committed = readFileSync(join(root, 'config.schema.json'), 'utf8')
  const current = JSON.stringify(JSON.parse(committed)) === JSON.stringify(JSON.parse(renderSchema()))
  t.ok(
    current,
    'out of date: node bin/polycdn.mjs schema > config.schema.json && npx biome check --write config.schema.json',
  )
  t.match(EXAMPLE, /^# yaml-language-server: \$schema=\.\/config\.schema\.json\n/)
})

t.test('the JSON Schema describes every key', async (t) => {
  const schema = JSON.parse(renderSchema())
  t.equal(schema.$schema, 'https://json-schema.org/draft/2020-12/schema')
  t.equal(schema.additionalProperties, false)
  t.strictSame(schema.required, ['sites'])
  const bare = Object.entries<Record<string, unknown>>(schema.properties)
    .filter(([, value]) => typeof value.description !== 'string')
    .map(([key]) => key)
  t.strictSame(bare, [])
  const { properties } = schema.properties.policies.additionalProperties
  t.strictSame(properties.retry.properties.per_try_timeout.default, '5s')
})

/** Deterministic, so that a failure can be repeated. */
function randomSource(seed: number) {
  let state = seed
  return (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

function mutate(text: string, random: (below: number) => number): string {
  const lines = text.split('\n')
  const at = random(lines.length)
  const line = lines[at]!
  const odd = [
    '\t',
    '"',
    "'",
    '{',
    '}',
    '[',
    ']',
    ':',
    ': ',
    '- ',
    '#',
    '&a ',
    '*a ',
    '!',
    '|',
    '>',
    '${',
    '\0',
    '\uD800',
    '💥',
    '%',
    '@',
    ',',
    '? ',
    '<<: ',
    '~',
    '1',
    '\r',
    '\u2028',
  ]
  const column = random(line.length + 1)
  const edits: (() => void)[] = [
    () => lines.splice(at, 1),
    () => lines.splice(at, 0, line),
    () => lines.splice(at, 1, `  ${line}`),
    () => lines.splice(at, 1, line.trimStart()),
    () => lines.splice(at, 1, line.slice(0, column) + odd[random(odd.length)]! + line.slice(column)),
    () => lines.splice(at, 1, line.slice(0, column) + line.slice(column + 1 + random(4))),
    () => lines.splice(at, 1, lines[random(lines.length)]!),
    () =>
      lines.splice(
        at,
        1,
        line.replace(/: .*/, `: ${['', 'null', '[]', '{}', '-1', '1e999', 'true', '[[]]', 'x'][random(9)]}`),
      ),
  ]
  edits[random(edits.length)]!()
  return lines.join('\n')
}

t.test('whatever happens to the file, problems have places and nothing is thrown', async (t) => {
  const random = randomSource(20261120)
  const bare = EXAMPLE.replace(/^\s*#.*\n/gm, '')
  let rejected = 0
  for (let round = 0; round < 500; round++) {
    let text = bare
    for (let edits = 1 + random(4); edits > 0; edits--) text = mutate(text, random)
    const parsed = parseConfig(text, 'c.yaml', {})
    if (!('problems' in parsed)) continue
    rejected++
    const lines = text.split('\n')
    for (const problem of parsed.problems) {
      const line = lines[problem.line - 1]
      const inside = line !== undefined && problem.column >= 1 && problem.column <= line.length + 1
      if (!inside || problem.message === '' || / at .*\.[jt]s:\d/.test(problem.message)) {
        t.fail(`round ${round}: ${formatProblem(problem)}\n${text}`)
      }
    }
    if (!parsed.problems.some(({ severity }) => severity === 'error'))
      t.fail(`round ${round}: rejected without an error`)
  }
  t.ok(rejected > 250, `${rejected} of 500 were rejected`)
})

/** Every key that the schema allows, at any depth. */
function keysOf(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return []
  const { properties = {} } = schema as { properties?: object }
  return [
    ...Object.keys(properties),
    ...Object.values(schema).flatMap(keysOf),
    ...Object.values(properties).flatMap(keysOf),
  ]
}

t.test('docs/configuration.md names every key', async (t) => {
  const page = readFileSync(join(root, 'docs/configuration.md'), 'utf8')
  const { properties } = JSON.parse(renderSchema())
  const words = new Set(
    [...page.matchAll(/[a-z][a-z0-9_]+/g), ...page.matchAll(/[a-z]+-[a-z]+/g)].map(([word]) => word),
  )
  const missing = [...new Set(keysOf({ properties }))].filter((key) => !words.has(key))
  t.strictSame(missing, [])
})
