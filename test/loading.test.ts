import { globSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import fastify from 'fastify'
import t from 'tap'
import { WITHOUT_SCHEMAS } from '../src/http/without-schemas.ts'
import { sourceFile } from './helpers/source-file.ts'

// Every process that starts, and every worker that replaces another, loads what its command imports: what few
// configurations use is loaded for those.

const root = join(import.meta.dirname, '..')
const sources = new Map(
  globSync('src/**/*.ts', { cwd: root }).map((path) => [
    path,
    sourceFile(path, readFileSync(join(root, path), 'utf8')),
  ]),
)

/** Packages that a file brings along at once, and the files that lead to them. */
function loadedWith(start: string): ReadonlyMap<string, string> {
  const files = new Set([start])
  const packages = new Map<string, string>()
  for (const path of files) {
    for (const { kind, target, typeOnly, lazy } of sources.get(path)!.imports) {
      if (typeOnly || lazy) continue
      if (kind === 'file') files.add(target)
      if (kind === 'package') packages.set(target, path)
    }
  }
  return packages
}

const SERVING = [
  '@fastify/http-proxy',
  '@noble/hashes',
  'dns-packet',
  'fastify',
  'lru-cache',
  'maxmind',
  'multiformats',
  'prom-client',
  'sonic-boom',
  'undici',
  'yaml',
  'zod',
]

const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  serve: SERVING,
  work: SERVING,
  validate: ['@noble/hashes', 'lru-cache', 'maxmind', 'multiformats', 'yaml', 'zod'],
}

for (const [command, packages] of Object.entries(COMMANDS)) {
  t.test(`polycdn ${command} begins with the packages that it always needs`, async (t) => {
    const found = loadedWith(`src/commands/${command}.ts`)
    t.same([...found.keys()].sort(), packages, JSON.stringify(Object.fromEntries(found)))
  })
}

t.test('the launcher loads no command that was not asked for', async (t) => {
  t.same([...loadedWith('src/main.ts').keys()], ['close-with-grace'])
})

t.test('no fastify of ours loads schema compilers', async (t) => {
  const made = [...sources.values()].flatMap(({ code }) => code.match(/\bfastify\([^)]*/g) ?? [])
  t.ok(made.length > 0)
  for (const call of made) t.match(call, 'WITHOUT_SCHEMAS')
  const app = fastify(WITHOUT_SCHEMAS)
  t.teardown(() => app.close())
  app.get('/', async () => ({ fine: true }))
  t.same((await app.inject('/')).json(), { fine: true })
  t.same(
    Object.keys(createRequire(import.meta.url).cache).filter((path) => /ajv|stringify-compiler/.test(path)),
    [],
  )
})
