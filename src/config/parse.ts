import * as yaml from 'yaml'
import { type Environment, interpolate } from './interpolate.ts'
import type { Parsed } from './parsed.ts'
import { ProblemList } from './problem-list.ts'
import type { Located, Scalar } from './tree.ts'
import { validateTree } from './validate-tree.ts'

/** Characters. A thousand sites with everything spelled out are half of it. */
export const MAX_TEXT = 1024 * 1024
const MAX_DEPTH = 64
/** Values that aliases may repeat, all together: a few lines can otherwise stand for billions. */
const MAX_ALIASED = 10_000
const SECRET_KEYS = new Set(['token', 'secret', 'key', 'salt', 'password'])
/** Header values and tokens are text even where YAML reads a number: `token: ${TOKEN}` with 0123 keeps its zero. */
const TEXT_PATHS =
  /(?:^|\.)(?:token|secret|password|signing\.key|signing\.salt)$|\.(?:request|response)\.set[.[][^.]*$|\.match\.headers[.[][^.]*$/

/** Turns the text of a configuration file into a Config, or into everything that is wrong with it. Never throws. */
export function parseConfig(text: string, file: string, env: Environment): Parsed {
  const source = text.startsWith('\uFEFF') ? text.slice(1) : text
  const problems = new ProblemList(file, source.length > MAX_TEXT ? '' : source)
  const root = source.length > MAX_TEXT ? tooLarge(problems) : readTree(source, env, problems)
  if (root === null) return { problems: problems.list() }
  return validateTree(root, problems)
}

function tooLarge(problems: ProblemList): null {
  problems.at(0, '', `the file is larger than ${MAX_TEXT / 1024 / 1024} MiB`)
  return null
}

function readTree(source: string, env: Environment, problems: ProblemList): Located | null {
  const document = parseDocument(source, problems)
  if (document === null) return null
  if (document.contents === null) {
    problems.at(0, '', 'the configuration is empty; it needs at least "sites"')
    return null
  }
  if (!yaml.isMap(document.contents)) {
    problems.at(document.contents.range?.[0] ?? 0, '', 'the configuration must be a map of keys such as "sites:"')
    return null
  }
  return new TreeBuilder(document, env, problems).build(document.contents, { path: '', keyOffset: 0, secret: false })
}

function parseDocument(source: string, problems: ProblemList): yaml.Document.Parsed | null {
  let document: yaml.Document.Parsed
  try {
    // Duplicate keys are found by the builder: the package compares each key with all others.
    document = yaml.parseDocument(source, { prettyErrors: false, uniqueKeys: false, logLevel: 'error' })
  } catch {
    problems.at(0, '', 'the file cannot be read as YAML: it is nested too deeply')
    return null
  }
  const tooDeep = document.errors.find((error) => error.code === 'RESOURCE_EXHAUSTION')
  const wrong = tooDeep === undefined ? withoutEchoes([...document.errors, ...document.warnings]) : [tooDeep]
  for (const error of wrong.slice(0, 20)) {
    problems.at(Math.min(error.pos[0], source.length), '', syntaxMessage(error, source))
  }
  const version = document.directives?.yaml
  if (version?.explicit && version.version !== '1.2') problems.at(0, '', 'only YAML 1.2 is read')
  return problems.hasErrors ? null : document
}

/** One syntax error makes the parser stumble over everything behind it; that is not worth reading. */
function withoutEchoes(errors: readonly yaml.YAMLError[]): readonly yaml.YAMLError[] {
  return errors.filter(({ code }, index) => index === 0 || code !== 'UNEXPECTED_TOKEN')
}

/** The package's own words, without the pieces of the text that they may repeat: those can be secrets. */
function syntaxMessage({ code, message, pos }: yaml.YAMLError, source: string): string {
  if (code === 'RESOURCE_EXHAUSTION') return 'nested too deeply'
  if (code === 'MULTIPLE_DOCS') return 'a second document begins here; the configuration is a single one'
  if (code === 'BAD_DQ_ESCAPE') return 'invalid escape sequence in a "…" value'
  if (code === 'TAG_RESOLVE_FAILED') return 'unknown YAML tag'
  const words = code === 'MISSING_CHAR' ? message : message.split(': ', 1)[0]!
  const inner = source[pos[0]] === '{' || source[pos[0]] === '['
  return inner ? `${words} (inside { } and [ ], quote values that contain { or [)` : words
}

interface Spot {
  readonly path: string
  readonly keyOffset: number | null
  readonly secret: boolean
}

/** Builds the located tree of a document: substitutes variables, expands aliases, finds duplicate keys. */
class TreeBuilder {
  readonly #tags: readonly yaml.ScalarTag[]
  readonly #env: Environment
  readonly #problems: ProblemList
  readonly #anchors = new Map<string, yaml.Node>()
  readonly #open: yaml.Node[] = []
  #aliases = 0
  #aliased = 0

  constructor(document: yaml.Document.Parsed, env: Environment, problems: ProblemList) {
    this.#tags = document.schema.tags.filter((tag): tag is yaml.ScalarTag => !tag.collection && tag.default === true)
    this.#env = env
    this.#problems = problems
  }

  build(node: yaml.Node | null, spot: Spot): Located {
    const offset = node?.range?.[0] ?? spot.keyOffset ?? 0
    const located = { path: spot.path, offset, keyOffset: spot.keyOffset ?? offset, secret: spot.secret, broken: false }
    if (node === null) return { ...located, value: null }
    if (yaml.isAlias(node)) return this.#alias(node, located)
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, node)
    if (this.#open.length >= MAX_DEPTH) return this.#broken(located, `nested more than ${MAX_DEPTH} levels deep`)
    if (this.#aliases > 0 && ++this.#aliased > MAX_ALIASED) {
      return this.#broken(located, `aliases repeat more than ${MAX_ALIASED} values`)
    }
    if (yaml.isScalar(node)) return this.#scalar(node, located)
    this.#open.push(node)
    const value = yaml.isMap(node) ? this.#map(node, located) : this.#list(node as yaml.YAMLSeq, located)
    this.#open.pop()
    return { ...located, value }
  }

  #broken(located: Omit<Located, 'value'>, message: string): Located {
    if (this.#aliased <= MAX_ALIASED + 1) this.#problems.at(located.offset, located.path, message)
    return { ...located, broken: true, value: null }
  }

  #alias(alias: yaml.Alias, located: Omit<Located, 'value'>): Located {
    const target = this.#anchors.get(alias.source)
    if (target === undefined) return this.#broken(located, `no anchor &${alias.source} stands before this alias`)
    if (this.#open.includes(target)) return this.#broken(located, `the alias *${alias.source} stands inside itself`)
    this.#aliases++
    const built = this.build(target, { path: located.path, keyOffset: located.keyOffset, secret: located.secret })
    this.#aliases--
    return built
  }

  #list(list: yaml.YAMLSeq, parent: Omit<Located, 'value'>): Located[] {
    return list.items.map((item, index) =>
      this.build(yaml.isNode(item) ? item : null, {
        path: `${parent.path}[${index}]`,
        keyOffset: null,
        secret: parent.secret,
      }),
    )
  }

  #map(map: yaml.YAMLMap, parent: Omit<Located, 'value'>): Map<string, Located> {
    const found = new Map<string, Located>()
    for (const { key, value } of map.items) {
      const keyOffset = yaml.isNode(key) ? (key.range?.[0] ?? parent.offset) : parent.offset
      const name = yaml.isScalar(key) && key.value !== null ? (key.source ?? String(key.value)) : null
      if (name === null || name === '__proto__') {
        this.#problems.at(keyOffset, parent.path, 'a key must be a plain name')
        continue
      }
      const first = found.get(name)
      const path = childPath(parent.path, name)
      if (first !== undefined) {
        const { line } = this.#problems.place(first.keyOffset)
        this.#problems.at(keyOffset, path, `duplicate key ${JSON.stringify(name)}, first on line ${line}`)
        continue
      }
      const secret = parent.secret || SECRET_KEYS.has(name)
      found.set(name, this.build(yaml.isNode(value) ? value : null, { path, keyOffset, secret }))
    }
    return found
  }

  #scalar(node: yaml.Scalar, located: Omit<Located, 'value'>): Located {
    const source = node.source ?? String(node.value ?? '')
    if (source.includes('${')) return this.#variable(node, source, located)
    const value = node.value
    if (value === null || ['string', 'number', 'boolean'].includes(typeof value)) {
      const asText = value !== null && TEXT_PATHS.test(located.path)
      return { ...located, value: asText ? source : (value as Scalar) }
    }
    return this.#broken(located, 'expected a string, a number, true, false or null, got another YAML type')
  }

  #variable(node: yaml.Scalar, source: string, located: Omit<Located, 'value'>): Located {
    const { text, fromEnvironment, problems } = interpolate(source, this.#env)
    for (const problem of problems) this.#problems.at(located.offset, located.path, problem)
    const broken = problems.length > 0
    const plain = node.type === 'PLAIN' && node.tag === undefined && !TEXT_PATHS.test(located.path)
    const value = plain ? this.#resolve(text) : text
    return { ...located, secret: located.secret || fromEnvironment, broken, value }
  }

  /** What a plain scalar means by YAML's core rules: a variable may hold a number. */
  #resolve(text: string): Scalar {
    const tag = this.#tags.find(({ test }) => test?.test(text))
    const value = tag?.resolve(text, () => {}, {})
    if (value === null && tag !== undefined) return null
    const resolved = yaml.isScalar(value) ? value.value : value
    return typeof resolved === 'number' || typeof resolved === 'boolean' ? resolved : resolved === null ? null : text
  }
}

function childPath(parent: string, name: string): string {
  if (!/^[A-Za-z0-9_-]+$/.test(name)) return `${parent}[${JSON.stringify(name)}]`
  return parent === '' ? name : `${parent}.${name}`
}
