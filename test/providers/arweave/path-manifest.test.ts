import t from 'tap'
import { parsePathManifest, resolvePath } from '../../../src/providers/arweave/path-manifest.ts'
import { ProofError } from '../../../src/providers/proof.ts'
import { seededRandom } from '../../helpers/random.ts'
import { faultOf } from './support.ts'

const idOf = (letter: string) => `${letter.repeat(42)}A`
const [A, B, C] = [idOf('a'), idOf('b'), idOf('c')]
const HEAD = { manifest: 'arweave/paths', version: '0.2.0' }
const PATHS = { 'index.html': { id: A }, 'a b/ü.js': { id: B }, 'dir/': { id: C } }

const parse = (manifest: unknown) => parsePathManifest(Buffer.from(JSON.stringify(manifest)))

t.test('finds what the paths say', async (t) => {
  const manifest = parse({ ...HEAD, paths: PATHS, index: { path: 'index.html' } })
  t.equal(resolvePath(manifest, ''), A)
  t.equal(resolvePath(manifest, '/'), A)
  t.equal(resolvePath(manifest, '/index.html'), A)
  t.equal(resolvePath(manifest, '/a%20b/%C3%BC.js'), B)
  t.equal(resolvePath(manifest, '/a%20b%2Fü.js'), B)
  t.equal(resolvePath(manifest, '/dir'), C, 'as the gateways do: a slash at the end makes no difference')
  t.equal(resolvePath(manifest, '/dir/'), C)
  for (const path of ['/none', '/INDEX.HTML', '/constructor', '/%ff', '/%', '//index.html']) {
    t.equal(resolvePath(manifest, path), null, path)
  }
})

t.test('a name of the language is a name like any other', async (t) => {
  const text = `{"manifest":"arweave/paths","version":"0.1.0","paths":{"__proto__":{"id":"${B}"}}}`
  t.equal(resolvePath(parsePathManifest(Buffer.from(text)), '/__proto__'), B)
})

t.test('version 0.2.0 has a fallback, and an index by id', async (t) => {
  const more = { paths: PATHS, index: { id: C }, fallback: { id: B } }
  const newer = parse({ ...HEAD, ...more })
  t.equal(resolvePath(newer, '/'), C)
  t.equal(resolvePath(newer, '/none'), B)
  t.equal(resolvePath(newer, '/%ff'), B)
  const older = parse({ ...HEAD, version: '0.1.0', ...more })
  t.equal(resolvePath(older, '/'), null)
  t.equal(resolvePath(older, '/none'), null)
})

t.test('a root without an index, or with one that leads nowhere, shows the fallback or nothing', async (t) => {
  t.equal(resolvePath(parse({ ...HEAD, paths: PATHS }), '/'), null)
  t.equal(resolvePath(parse({ ...HEAD, paths: PATHS, index: { path: 'none' } }), '/'), null)
  t.equal(resolvePath(parse({ ...HEAD, paths: {}, fallback: { id: B } }), '/'), B)
})

t.test('what is no manifest is refused', async (t) => {
  const wrong: readonly unknown[] = [
    null,
    [],
    'x',
    {},
    { ...HEAD, manifest: 'x', paths: {} },
    { ...HEAD, version: '0.3.0', paths: {} },
    HEAD,
    { ...HEAD, paths: [] },
    { ...HEAD, paths: { x: null } },
    { ...HEAD, paths: { x: 'id' } },
    { ...HEAD, paths: { x: { id: `${A}a` } } },
    { ...HEAD, paths: { x: { id: `${'a'.repeat(42)}b` } } },
    { ...HEAD, paths: {}, index: 'x' },
    { ...HEAD, paths: {}, fallback: { id: '../x' } },
  ]
  for (const manifest of wrong) t.equal(await faultOf(() => parse(manifest)), 'unproved', JSON.stringify(manifest))
  t.equal(await faultOf(() => parsePathManifest(Buffer.from([0x22, 0xff, 0x22]))), 'unproved', 'no UTF-8')
  t.equal(await faultOf(() => parsePathManifest(Buffer.from('['.repeat(1_000_000)))), 'unproved', 'deep')
  const many = Object.fromEntries(Array.from({ length: 100_001 }, (_, index) => [index, { id: A }]))
  t.equal(await faultOf(() => parse({ ...HEAD, paths: many })), 'too-large')
})

t.test('manifests that are damaged at random are refused, or lead to transactions', async (t) => {
  const random = seededRandom(5)
  const text = Buffer.from(
    JSON.stringify({ ...HEAD, paths: PATHS, index: { path: 'index.html' }, fallback: { id: C } }),
  )
  for (let round = 0; round < 3000; round++) {
    const damaged = Buffer.from(text)
    for (let count = 0; count <= random() * 3; count++) damaged[Math.floor(random() * text.length)] = random() * 256
    try {
      const manifest = parsePathManifest(damaged)
      const id = resolvePath(manifest, '/index.html')
      t.ok(id === null || /^[\w-]{43}$/.test(id))
    } catch (error) {
      if (!(error instanceof ProofError)) throw error
    }
  }
})
