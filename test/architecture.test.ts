import { existsSync, globSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import t from 'tap'
import { type ImportEdge, lineAt, type SourceFile, sourceFile } from './helpers/source-file.ts'

// ---- The rules, as tables. docs/architecture.md says why. -----------------------------------------------------------

/** Files that compute and nothing else: no package, no I/O, no clock, no chance, no log. */
const PURE: readonly RegExp[] = [
  /^src\/steering\//,
  /^src\/acme\/(renewal|settings|state)\.ts$/,
  /^src\/providers\//,
  /^src\/proofs\/(absences|content-address|memory|named-proof|object-proofs|request-proofs|watched-proof)\.ts$/,
  /^src\/signing\//,
  /^src\/purging\/apis\//,
  /^src\/config\/(snapshot|caching|content|problem|compile|values)(\/|\.ts$)/,
  /^src\/geo\/(address|network|distance|metros|place|countries|nearest)(-[a-z]+)?\.ts$/,
  /^src\/geo\/presets\//,
  /^src\/health\/(breaker|ewma|outlier|check-state|failure-rate|latency|standing|board-state|report)\.ts$/,
  /^src\/delivery\/(retry|deadlines|outcome|budget|budgets|body|resume|partial|response-head|compare(-[a-z]+)?)\.ts$/,
  /^src\/delivery\/(private-address|redirect-target|hop-headers|field-grammar)\.ts$/,
  /^src\/delivery\/wire\/(chunks|framing|head-parser|keep-alive|octets|request-head)\.ts$/,
  /^src\/cache\/rules\//,
  /^src\/compression\//,
  /^src\/costs\/(account|bill|growth|ledger|ledger-state|month|percentile|plan|price|quote|quotes|sizes|told-quotes|volume)\.ts$/,
  /^src\/http\/(target|host|forwarded|headers|gcra|request-fields|proxy-protocol)\.ts$/,
  /^src\/manifest\/(accept|compare-files|envelope|file-path|manifest|manifest-proof|media-type|open-manifest|public-key)\.ts$/,
  /^src\/manifest\/(partings|read-file-entry|referenced-proof|refusal|shelf|shipment|verified-pieces)\.ts$/,
  /^src\/names\/(arns|dnslink|newest-records|remembered-names)\.ts$/,
  /^src\/workers\/back-off\.ts$/,
  /^src\/replay\/(?!read-log)/,
]

/**
 * Highest first; the lowest pattern that matches counts. A file may import from its own layer and from those below it.
 * A type is no import at run time: a pure file may name one of a shell in its own folder (compile ← schema).
 */
const LAYERS: readonly (readonly [name: string, files: readonly RegExp[]])[] = [
  ['main', [/^src\/main\.ts$/]],
  ['commands', [/^src\/commands\//]],
  ['gateway', [/^src\/gateway(\/|\.ts$)/]],
  [
    'shells',
    [
      /^src\/(acme|cache|compression|config|costs|delivery|geo|health|http|manifest|names|observe|proofs|purging|replay|state|workers)\//,
    ],
  ],
  ['pure', PURE],
  ['errors', [/^src\/errors\.ts$/]],
]

/** What a pure file may take from Node: functions of their arguments. */
const PURE_FROM_NODE: Readonly<Record<string, readonly string[]>> = {
  'node:crypto': ['createHash', 'createHmac', 'createPrivateKey', 'createPublicKey', 'hash', 'sign', 'verify'],
  'node:net': ['isIP', 'isIPv4', 'isIPv6'],
  'node:path': ['isAbsolute', 'join'],
}

/** Packages of functions of their arguments, which a pure file may call: formats and hashes. */
const PURE_PACKAGES: readonly string[] = [
  '@ipld/dag-cbor',
  '@ipld/dag-pb',
  '@noble/hashes',
  'canonicalize',
  'ipfs-unixfs',
  'mime',
  'multiformats',
]

const IMPURE: readonly (readonly [what: string, code: RegExp])[] = [
  ['the clock', /\bDate\.now\b|\bnew Date\(\s*\)|\bperformance\b|\bhrtime\b/],
  ['chance', /\bMath\.random\b|\brandom(UUID|Bytes|Int)\b|\bgetRandomValues\b/],
  ['a timer', /\b(set|clear)(Timeout|Interval|Immediate)\b|\bqueueMicrotask\b/],
  ['the console', /\bconsole\s*\./],
  ['the network', /(?<![.\w])fetch\(/],
  ['a global', /\bglobalThis\b/],
]

/** Who may import a package: paths, or what paths begin with. Its types may be named anywhere in the same folder. */
const IMPORTERS: Readonly<Record<string, readonly string[]>> = {
  '@fastify/http-proxy': ['src/http/passthrough.ts'],
  '@ipld/dag-cbor': ['src/providers/ipfs/', 'src/commands/demo-ipfs.ts'],
  '@ipld/dag-pb': ['src/providers/ipfs/', 'src/commands/demo-tree.ts'],
  '@noble/hashes': ['src/providers/ipfs/'],
  'acme-client': ['src/acme/authority.ts', 'src/acme/transport.ts'],
  cacache: ['src/cache/content-files.ts'],
  canonicalize: ['src/manifest/'],
  'close-with-grace': ['src/main.ts', 'src/commands/'],
  'dns-packet': ['src/names/'],
  fastify: ['src/http/'],
  'ipfs-unixfs': ['src/providers/ipfs/', 'src/commands/demo-tree.ts'],
  'lru-cache': ['src/geo/lookup.ts', 'src/cache/store.ts', 'src/http/rate-limits.ts'],
  maxmind: ['src/geo/database.ts', 'src/geo/lookup.ts'],
  mime: ['src/providers/', 'src/manifest/'],
  multiformats: ['src/providers/ipfs/', 'src/commands/demo-'],
  'prom-client': ['src/observe/'],
  'sonic-boom': ['src/observe/sink.ts'],
  undici: ['src/delivery/pool.ts'],
  yaml: ['src/config/parse.ts'],
  zod: ['src/config/schema'],
}

/** Who may import a module of Node that changes what the process is. */
const NODE_IMPORTERS: Readonly<Record<string, string>> = { 'node:cluster': 'src/workers/' }

/** Folders of implementations that know nothing of each other: index.ts lists them, `shared` is what they have in common. */
const REGISTRIES: readonly { readonly folder: string; readonly shared: readonly string[] }[] = [
  { folder: 'src/steering/strategies/', shared: ['strategy.ts'] },
  { folder: 'src/steering/tie-breakers/', shared: ['tie-breaker.ts'] },
  { folder: 'src/providers/', shared: ['provider.ts', 'proof.ts', 'parts.ts'] },
  { folder: 'src/geo/presets/', shared: ['preset.ts'] },
  { folder: 'src/signing/', shared: ['link.ts', 'signature-memo.ts', 'signed-url.ts', 'signer.ts', 'slot.ts'] },
  {
    folder: 'src/purging/apis/',
    shared: ['purge-api.ts', 'planning.ts', 'aws-signature.ts', 'oauth-token.ts', 'service-account.ts'],
  },
]

const MAX_LINES = 400
/** Tables that a script wrote may be longer. */
const GENERATED = /-data\.ts$/
const NAMELESS = /^(utils?|helpers?|common|misc|shared|lib)\.ts$/

// ---- The checks -----------------------------------------------------------------------------------------------------

type Check = (file: SourceFile) => Iterable<readonly [line: number, rule: string]>

const isPure = (path: string) => PURE.some((pattern) => pattern.test(path))

const layerOf = (path: string) => LAYERS.findLastIndex(([, files]) => files.some((pattern) => pattern.test(path)))

/** `src/config` for whatever is below it. */
const folderOf = (path: string) => path.split('/').slice(0, 2).join('/')

const imports = (file: SourceFile, kind: ImportEdge['kind']) => file.imports.filter((edge) => edge.kind === kind)

const noUpwardImport: Check = function* (file) {
  const layer = layerOf(file.path)
  if (layer < 0) return yield [1, 'belongs to no layer: add its folder to the table']
  for (const { target, typeOnly, line } of imports(file, 'file')) {
    const other = layerOf(target)
    const neighbourType = typeOnly && isPure(file.path) && folderOf(file.path) === folderOf(target)
    if (other < 0) yield [line, `src/ imports nothing from outside of the layers (${target})`]
    else if (other < layer && !neighbourType) {
      yield [line, `${LAYERS[layer]![0]} may not import ${LAYERS[other]![0]} (${target})`]
    }
  }
}

const pureFilesStayPure: Check = function* (file) {
  if (!isPure(file.path)) return
  for (const { target, line } of imports(file, 'package')) {
    if (!PURE_PACKAGES.includes(target)) yield [line, `a pure file imports no package (${target})`]
  }
  for (const { target, names, line } of imports(file, 'node')) {
    const allowed = PURE_FROM_NODE[target] ?? []
    const wrong = names.filter((name) => !allowed.includes(name))
    if (wrong.length > 0) yield [line, `a pure file takes no ${wrong.join(', ')} from ${target}`]
  }
  for (const [what, code] of IMPURE) {
    const found = code.exec(file.code)
    if (found !== null) yield [lineAt(file.code, found.index), `a pure file does not use ${what} (${found[0]})`]
  }
}

const oneImporterAPackage: Check = function* (file) {
  for (const { target, typeOnly, line } of imports(file, 'package')) {
    const owners = IMPORTERS[target] ?? []
    const places = typeOnly ? owners.map((owner) => `${dirname(`${owner}x`)}/`) : owners
    if (owners.length === 0) yield [line, `${target} has no row in the table of importers`]
    else if (!places.some((place) => file.path.startsWith(place))) {
      yield [line, `only ${owners.join(' and ')} may import ${target}`]
    }
  }
}

const processesInOneFolder: Check = function* (file) {
  for (const { target, line } of imports(file, 'node')) {
    const owner = NODE_IMPORTERS[target]
    if (owner !== undefined && !file.path.startsWith(owner)) yield [line, `only ${owner} may import ${target}`]
  }
}

const implementationsAreStrangers: Check = function* (file) {
  for (const { folder, shared } of REGISTRIES) {
    const memberOf = (path: string) => (path.startsWith(folder) ? path.slice(folder.length).split('/')[0] : undefined)
    const self = memberOf(file.path)
    if (self === 'index.ts') continue
    for (const { target, line } of imports(file, 'file')) {
      const other = memberOf(target)
      if (other === undefined || other === self || shared.includes(other)) continue
      if (self !== undefined) yield [line, `implementations do not import each other (${target})`]
      else if (other !== 'index.ts') yield [line, `only ${folder}index.ts lists implementations (${target})`]
    }
  }
}

const processOnlyInMain: Check = function* (file) {
  if (file.path === 'src/main.ts') return
  const found = /(?<![.\w$#])process(?![\w$]|\s*:)/.exec(file.code)
  if (found !== null) yield [lineAt(file.code, found.index), 'only src/main.ts uses `process`']
  const edge = file.imports.find(({ target }) => target === 'node:process')
  if (edge !== undefined) yield [edge.line, 'only src/main.ts uses `process` (node:process)']
}

const namesAndSizes: Check = function* (file) {
  const name = basename(file.path)
  if (NAMELESS.test(name)) yield [1, `${name} says nothing: name the file after what is in it`]
  if (!/^[a-z0-9]+(-[a-z0-9]+)*\.ts$/.test(name)) yield [1, 'file names are kebab-case']
  const lines = file.text.trimEnd().split('\n').length
  if (lines > MAX_LINES && !GENERATED.test(name))
    yield [lines, `${lines} lines, at most ${MAX_LINES}: a noun is missing`]
  const found = /\bexport\s+default\b|\bas default\b/.exec(file.code)
  if (found !== null) yield [lineAt(file.code, found.index), 'exports have names: no default export']
}

/** No type is called by a synonym that docs/glossary.md forbids. */
const glossaryWords: Check = function* (file) {
  for (const found of file.code.matchAll(/^export (?:type|interface|class) (\w+)/gm)) {
    const word = FORBIDDEN.get(found[1]!.toLowerCase())
    if (word !== undefined) yield [lineAt(file.code, found.index), `${found[1]}: the glossary's word is ${word}`]
  }
}

const CHECKS = {
  noUpwardImport,
  pureFilesStayPure,
  oneImporterAPackage,
  processesInOneFolder,
  implementationsAreStrangers,
  processOnlyInMain,
  namesAndSizes,
  glossaryWords,
} as const

function violations(file: SourceFile, check: Check): string[] {
  return [...check(file)].map(([line, rule]) => `${file.path}:${line}: ${rule}`)
}

// ---- The sources ----------------------------------------------------------------------------------------------------

const root = join(import.meta.dirname, '..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const sources = globSync('src/**/*.ts', { cwd: root })
  .sort()
  .map((path) => sourceFile(path, read(path)))

/** Forbidden synonym (lower-case) → the word to use, from the table of the glossary. */
const FORBIDDEN = new Map(
  [...read('docs/glossary.md').matchAll(/^\| \*\*(\w+)\*\* \|.*\| ([^|]+) \|$/gm)].flatMap(([, word, synonyms]) =>
    synonyms!.split(',').map((synonym) => [synonym.trim().replace(/\s.*/, ''), word!] as const),
  ),
)

for (const [name, check] of Object.entries(CHECKS)) {
  t.test(`src: ${name}`, async (t) => {
    t.ok(sources.length > 0, 'there are sources')
    t.same(
      sources.flatMap((file) => violations(file, check)),
      [],
    )
  })
}

t.test(
  'every package that src imports is a dependency of the published package, and the other way round',
  async (t) => {
    const { dependencies } = JSON.parse(read('package.json'))
    const imported = new Set(sources.flatMap((file) => imports(file, 'package').map(({ target }) => target)))
    t.same([...imported].filter((name) => !(name in dependencies)).sort(), [], 'imported, but not a dependency')
    t.same(
      Object.keys(dependencies).filter((name) => !imported.has(name)),
      [],
      'a dependency, but not imported',
    )
  },
)

t.test('docs/dependencies.md names every dependency, and nothing else', async (t) => {
  const { dependencies, devDependencies } = JSON.parse(read('package.json'))
  const page = read('docs/dependencies.md')
  const rows = [...page.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name]) => name!)
  t.same(rows.sort(), Object.keys(dependencies).sort())
  for (const name of Object.keys(devDependencies)) t.ok(page.includes(`\`${name}\``), name)
})

t.test('what is installed is counted, locked by its hash, and runs no script', async (t) => {
  const locked = Object.entries<Locked>(JSON.parse(read('package-lock.json')).packages)
  const installed = locked.filter(([name, { dev, devOptional }]) => name !== '' && !dev && !devOptional)
  t.match(read('docs/dependencies.md'), `installs ${installed.length} packages`)
  const names = (found: typeof installed) => found.map(([name]) => name)
  t.same(names(installed.filter(([, { hasInstallScript }]) => hasInstallScript)), [])
  t.same(names(locked.filter(([name, { integrity }]) => name !== '' && !integrity?.startsWith('sha512-'))), [])
})

interface Locked {
  readonly dev?: boolean
  readonly devOptional?: boolean
  readonly hasInstallScript?: boolean
  readonly integrity?: string
}

t.test('every relative link in the documentation leads to a file', async (t) => {
  const pages = [...globSync('*.md', { cwd: root }), ...globSync('docs/**/*.md', { cwd: root })]
  const broken = pages.flatMap((page) =>
    [...read(page).matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)[^)]*\)/g)]
      .map(([, target]) => target!)
      .filter((target) => !existsSync(join(root, dirname(page), target)))
      .map((target) => `${page}: ${target} does not exist`),
  )
  t.ok(pages.includes('README.md'))
  t.same(broken, [])
})

// ---- The rules themselves fail when they are broken -----------------------------------------------------------------

const BROKEN: readonly (readonly [check: keyof typeof CHECKS, path: string, text: string, line: number])[] = [
  ['noUpwardImport', 'src/steering/decide.ts', "import type { Board } from '../health/board.ts'", 1],
  ['noUpwardImport', 'src/config/compile.ts', "import { schema } from './schema/index.ts'", 1],
  ['noUpwardImport', 'src/http/handle.ts', "\nimport { start } from '../gateway.ts'", 2],
  ['noUpwardImport', 'src/gateway.ts', "export { serve } from './commands/serve.ts'", 1],
  ['noUpwardImport', 'src/commands/serve.ts', "const main = await import('../main.ts')", 1],
  ['noUpwardImport', 'src/errors.ts', "import {\n  type Problem,\n} from './config/problem.ts'", 1],
  ['noUpwardImport', 'src/plugins/x.ts', '', 1],
  ['noUpwardImport', 'src/commands/demo.ts', "import { port } from '../../test/helpers/port.ts'", 1],
  ['pureFilesStayPure', 'src/steering/order.ts', "import { LRUCache } from 'lru-cache'", 1],
  ['pureFilesStayPure', 'src/config/compile.ts', "import { readFileSync } from 'node:fs'", 1],
  ['pureFilesStayPure', 'src/geo/address.ts', "import { connect, isIP } from 'node:net'", 1],
  ['pureFilesStayPure', 'src/health/breaker.ts', `const now = \`\${Date.now()}\``, 1],
  ['pureFilesStayPure', 'src/health/breaker.ts', 'const now = new Date()', 1],
  ['pureFilesStayPure', 'src/delivery/retry.ts', "const slash = /'/\nsetTimeout(f, 1)", 2],
  ['pureFilesStayPure', 'src/steering/strategies/x.ts', 'return a / Math.random()', 1],
  ['pureFilesStayPure', 'src/providers/http.ts', 'console.log(1)', 1],
  ['oneImporterAPackage', 'src/http/handle.ts', "import { Pool } from 'undici'", 1],
  ['oneImporterAPackage', 'src/http/handle.ts', "import type { Pool } from 'undici'", 1],
  ['oneImporterAPackage', 'src/geo/places.ts', "import { open } from 'maxmind'", 1],
  ['oneImporterAPackage', 'src/http/server.ts', "import helmet from '@fastify/helmet'", 1],
  ['oneImporterAPackage', 'src/observe/sink.ts', "import fs from 'fs'", 1],
  ['processesInOneFolder', 'src/gateway/worker.ts', "import cluster from 'node:cluster'", 1],
  ['implementationsAreStrangers', 'src/steering/strategies/x.ts', "import { y } from './proximity.ts'", 1],
  ['implementationsAreStrangers', 'src/providers/ipfs/plan.ts', "import { y } from '../http.ts'", 1],
  ['implementationsAreStrangers', 'src/steering/decide.ts', "import { y } from './strategies/proximity.ts'", 1],
  ['processOnlyInMain', 'src/commands/serve.ts', 'a = 1\nprocess.exit(1)', 2],
  ['processOnlyInMain', 'src/commands/serve.ts', 'const { argv } = process', 1],
  ['processOnlyInMain', 'src/commands/serve.ts', "import { argv } from 'node:process'", 1],
  ['namesAndSizes', 'src/http/utils.ts', '', 1],
  ['namesAndSizes', 'src/http/rawHeaders.ts', '', 1],
  ['namesAndSizes', 'src/http/server.ts', 'x\n'.repeat(MAX_LINES + 1), MAX_LINES + 1],
  ['namesAndSizes', 'src/http/server.ts', '\nexport default {}', 2],
  ['glossaryWords', 'src/config/site.ts', 'export interface Tenant {}', 1],
]

const FINE: readonly (readonly [path: string, text: string])[] = [
  ['src/main.ts', "import { serve } from './commands/serve.ts'\nprocess.exitCode = 1"],
  ['src/steering/decide.ts', "// Math.random() and 'process' are words here\nconst why = 'Date.now() is an argument'"],
  ['src/steering/decide.ts', `const url = \`https://\${host}/process\`\nconst at = new Date(world.now)`],
  ['src/steering/decide.ts', "import { STRATEGIES } from './strategies/index.ts'"],
  ['src/steering/strategies/x.ts', "import type { Strategy } from './strategy.ts'"],
  ['src/providers/ipfs/plan.ts', "import { block } from './block.ts'\nimport { createHash } from 'node:crypto'"],
  ['src/config/compile/cdn.ts', "import type { Config } from '../schema/index.ts'"],
  ['src/delivery/endpoint-pool.ts', "import type { Dispatcher } from 'undici'"],
  ['src/geo/lookup.ts', "import { LRUCache } from 'lru-cache'\nimport { PolycdnError } from '../errors.ts'"],
  ['src/workers/member.ts', "import cluster from 'node:cluster'"],
  ['src/http/handle.ts', "const text = 'import x from \\'undici\\''\nchild.process = { process: 1 }"],
]

for (const [name, path, text, line] of BROKEN) {
  t.test(`${name} refuses ${JSON.stringify(text.slice(0, 60))} in ${path}`, async (t) => {
    const found = violations(sourceFile(path, text), CHECKS[name])
    t.equal(found.length, 1, found.join('\n'))
    t.ok(found[0]?.startsWith(`${path}:${line}: `), `${found[0]} names the file and line ${line}`)
  })
}

t.test('what the rules allow is not refused', async (t) => {
  for (const [path, text] of FINE) {
    const file = sourceFile(path, text)
    t.same(
      Object.values(CHECKS).flatMap((check) => violations(file, check)),
      [],
      `${path}: ${text}`,
    )
  }
})
