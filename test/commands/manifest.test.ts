import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { reportFailure } from '../../src/commands/failure.ts'
import { manifest } from '../../src/commands/manifest.ts'
import type { Shell } from '../../src/commands/shell.ts'
import { PIECE } from '../../src/manifest/manifest.ts'
import { openManifest } from '../../src/manifest/open-manifest.ts'
import { fakeShell } from '../helpers/fake-shell.ts'
import { type Scope, tempDir } from '../helpers/scope.ts'
import { signedFile } from '../manifest/support/manifests.ts'

const FILES: Readonly<Record<string, Buffer>> = {
  'index.html': Buffer.from('<h1>home</h1>'),
  'docs/index.html': Buffer.from('docs'),
  'docs/a b ü.txt': Buffer.from('odd'),
  'empty.bin': Buffer.alloc(0),
  'piece-less.js': Buffer.alloc(PIECE - 1, 'a'),
  'piece.js': Buffer.alloc(PIECE, 'a'),
  'piece-more.js': Buffer.alloc(PIECE + 1, 'a'),
  'big.mp4': Buffer.alloc(5 * PIECE + 7, 'b'),
  '.well-known/x': Buffer.from('x'),
  '100%?#&.json': Buffer.from('{}'),
}

async function run(args: readonly string[], over: Partial<Shell> = {}) {
  const { shell, out, err } = fakeShell(over)
  const code = await manifest([...args], shell).catch((error: unknown) => reportFailure(error, shell))
  return { code, out, err, text: out.join('\n') }
}

interface Ground {
  readonly root: string
  readonly site: string
  readonly key: string
  readonly out: string
  readonly publicKey: string
  build(...more: string[]): ReturnType<typeof run>
}

async function ground(scope: Scope): Promise<Ground> {
  const root = tempDir(scope, 'manifest')
  const [site, key, out] = [join(root, 'site'), join(root, 'key.pem'), join(root, 'manifest.json')]
  for (const [name, body] of Object.entries(FILES)) {
    mkdirSync(join(site, name, '..'), { recursive: true })
    writeFileSync(join(site, name), body)
  }
  const { text } = await run(['keygen', '--out', key])
  const build = (...more: string[]) => run(['build', site, '--key', key, '--out', out, ...more])
  return { root, site, key, out, publicKey: text.slice('public_key: '.length), build }
}

function opened(file: string) {
  const found = openManifest(readFileSync(file), null)
  if ('fault' in found) throw new Error(found.message)
  return found
}

t.test('a key is its owner’s alone, and never replaced', async (t) => {
  const { key, publicKey } = await ground(t)
  t.match(publicKey, /^ed25519:[A-Za-z0-9_-]{43}$/)
  t.equal(statSync(key).mode & 0o777, 0o600)
  const before = readFileSync(key, 'utf8')
  t.match(await run(['keygen', '--out', key]), { code: 2, err: [/key\.pem: it is there already/] })
  t.equal(readFileSync(key, 'utf8'), before)
  t.match(await run(['keygen', '--out', '/nowhere/key']), { code: 2, err: [/ENOENT/] })
  t.match(await run(['keygen']), { code: 2, err: [/needs --out/] })
})

t.test('what is built is what is there', async (t) => {
  const { site, out, publicKey, build } = await ground(t)
  const built = await build('--site', 'www', '--created', '2026-11-26T00:00:00Z')
  t.strictSame(built, {
    code: 0,
    err: [],
    out: [`${out}: www, sequence 1, 12 paths, until 2027-11-26T00:00:00Z`],
    text: built.text,
  })
  const { files, ...head } = opened(out)
  t.match(head, { site: 'www', sequence: 1, publicKey })
  for (const [name, body] of Object.entries(FILES)) {
    const { size, sha256, pieces } = signedFile(body)
    const file = files.get(`/${name}`)!
    t.match(file, { size, sha256 }, name)
    t.equal(file.digests().toString('base64url'), pieces ?? sha256)
  }
  t.equal(files.get('/')!.sha256, files.get('/index.html')!.sha256, 'a folder is its index')
  t.equal(files.get('/docs/')!.sha256, files.get('/docs/index.html')!.sha256)
  t.equal(files.get('/')!.type, 'text/html; charset=utf-8')
  t.equal(files.get('/big.mp4')!.type, 'video/mp4')
  t.equal(files.get('/.well-known/x')!.type, 'application/octet-stream')

  const bytes = readFileSync(out)
  await build('--site', 'www', '--created', '2026-11-26T00:00:00Z', '--sequence', '1')
  t.ok(bytes.equals(readFileSync(out)), 'equal folders, equal bytes')
  await build()
  t.equal(opened(out).sequence, 2, 'the next one')
  t.equal((await build('--sequence', '40', '--index', 'none', '--charset', 'none')).code, 0)
  t.match(opened(out), { sequence: 40 })
  t.equal(opened(out).files.get('/index.html')!.type, 'text/html')
  t.equal(opened(out).files.has('/docs/'), false)
  t.equal((await build('--exclude', '/docs/**', '--exclude', '/.well-known/*')).code, 0)
  t.equal(opened(out).files.size, 8)
  t.match(await run(['build', site, '--key', join(site, 'index.html'), '--out', out]), { code: 2, err: [/no Ed25519/] })
})

t.test('a manifest in its own folder does not list itself', async (t) => {
  const { site, key } = await ground(t)
  const out = join(site, 'manifest.json')
  for (const sequence of [1, 2]) {
    t.equal((await run(['build', site, '--key', key, '--out', out, '--site', 'www'])).code, 0)
    t.match(opened(out), { sequence })
    t.equal(opened(out).files.has('/manifest.json'), false)
  }
  t.match(await run(['verify', site, '--manifest', out]), { code: 0, out: [/all as signed/] })
})

t.test('references of networks', async (t) => {
  const { root, out, build } = await ground(t)
  const refs = join(root, 'refs.json')
  const attempt = async (value: unknown) => {
    writeFileSync(refs, typeof value === 'string' ? value : JSON.stringify(value))
    return build('--site', 'www', '--refs', refs)
  }
  t.equal((await attempt({ '/docs/index.html': { walrus: 'w', ipfs: 'bafy' } })).code, 0)
  t.strictSame(opened(out).files.get('/docs/')!.refs, { ipfs: 'bafy', walrus: 'w' })
  t.strictSame(opened(out).files.get('/big.mp4')!.refs, {})
  for (const bad of ['{', [], { '/index.html': {} }, { '/index.html': { ipfs: 1 } }, { '/index.html': 'x' }]) {
    t.match(await attempt(bad), { code: 2, err: [/refs\.json/] }, JSON.stringify(bad))
  }
  t.match(await attempt({ '/none': { ipfs: 'x' } }), { code: 2, err: [/"\/none", which is no file/] })
})

t.test('what is no file of the folder', async (t) => {
  const { root, site, out, build } = await ground(t)
  symlinkSync('index.html', join(site, 'inside.html'))
  t.equal((await build('--site', 'www')).code, 0)
  t.equal(opened(out).files.get('/inside.html')!.sha256, opened(out).files.get('/')!.sha256)
  const link = join(site, 'link')
  const cases: [target: string, message: RegExp][] = [
    [join(root, 'key.pem'), /link: the symbolic link leads out of the folder/],
    ['nowhere', /link: the symbolic link leads nowhere/],
    ['docs', /link: symbolic links to folders/],
    ['link', /link: the symbolic link leads nowhere/],
    ['/dev/null', /leads out/],
  ]
  for (const [target, message] of cases) {
    symlinkSync(target, link)
    t.match(await build(), { code: 2, err: [message] }, target)
    rmSync(link)
  }
  for (const name of [Buffer.from('a\nb'), Buffer.from([0x61, 0xff])]) {
    const path = Buffer.concat([Buffer.from(`${site}/`), name])
    writeFileSync(path, 'x')
    t.match(await build(), { code: 2, err: [/it has control characters|its name is no UTF-8/] })
    rmSync(path)
  }
  t.match(await run(['build', join(root, 'none'), '--key', join(root, 'key.pem'), '--out', out]), {
    code: 2,
    err: [/there is no such folder/],
  })
  t.equal((await build()).code, 0)
})

t.test('command lines and keys that make no sense', async (t) => {
  const { root, key, out, build } = await ground(t)
  t.match(await build(), { code: 2, err: [/--site NAME/] })
  t.match(await build('--site', '../x'), { code: 2, err: [/a site that is no name/] })
  for (const more of [
    ['--sequence', '0'],
    ['--expires', 'soon'],
    ['--created', '2026-13-01T00:00:00Z'],
    ['--exclude', 'docs'],
    ['--index', 'a/b'],
    ['--charset', 'a b'],
    ['--lug', 'x'],
  ]) {
    t.match(await build('--site', 'www', ...more), { code: 2, err: [/./] }, more.join(' '))
  }
  t.equal((await build('--site', 'www')).code, 0)
  t.match(await build('--site', 'shop'), { code: 2, err: [/that of the site www/] })
  const other = join(root, 'other.pem')
  await run(['keygen', '--out', other])
  const args = ['build', join(root, 'site'), '--key', other, '--out', out]
  t.match(await run(args), { code: 2, err: [/signed by another key/] }, 'the sequence is not known')
  t.equal((await run([...args, '--site', 'www', '--sequence', '9'])).code, 0)
  chmodSync(key, 0o644)
  t.match(await build('--site', 'www', '--sequence', '10'), { code: 0, err: [/others than its owner may read/] })
  for (const args of [[], ['lug'], ['build'], ['verify'], ['show']]) t.equal((await run(args)).code, 2)
})

t.test('a folder is held against its manifest', async (t) => {
  const { site, out, publicKey, build } = await ground(t)
  await build('--site', 'www')
  const verify = (...more: string[]) => run(['verify', site, '--manifest', out, '--public-key', publicKey, ...more])
  t.strictSame((await verify()).out, ['www, sequence 1: 12 paths, all as signed'])
  writeFileSync(join(site, 'index.html'), '<h1>hame</h1>')
  truncateSync(join(site, 'big.mp4'), PIECE)
  rmSync(join(site, 'empty.bin'))
  writeFileSync(join(site, 'new.txt'), '')
  const { code, out: lines } = await verify()
  t.equal(code, 1)
  t.strictSame(lines, [
    'different  /  (the same size, other bytes)',
    `different  /big.mp4  (${PIECE} bytes instead of ${5 * PIECE + 7})`,
    'missing    /empty.bin',
    'different  /index.html  (the same size, other bytes)',
    'extra      /new.txt',
    'www, sequence 1: 12 paths, 5 not as signed',
  ])
  const { text } = await verify('--json')
  t.match(JSON.parse(text), { ok: false, expired: false, paths: 12, differences: { length: 5 } })
  t.match(await run(['verify', site, '--manifest', out]), { code: 1, err: [/^polycdn: signed by ed25519:/] })
  t.match(await verify('--public-key', `ed25519:${'A'.repeat(43)}`), { code: 2, err: [/another key/] })
  await build('--created', '2020-01-01T00:00:00Z', '--expires', '1d')
  t.match(await verify(), { code: 1, out: ['the manifest has expired', /all as signed/] })
})

t.test('a site is held against its manifest', async (t) => {
  const { root, site, out, build } = await ground(t)
  await build('--site', 'www')
  const encodings = new Set<string | undefined>()
  const answers: Record<string, (response: import('node:http').ServerResponse) => void> = {
    '/base/empty.bin': (response) => response.writeHead(404).end(),
    '/base/piece.js': (response) => response.writeHead(301, { location: '/x' }).end(),
    '/base/piece-less.js': (response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('x'),
    '/base/piece-more.js': (response) => response.end(Buffer.alloc(PIECE + 2, 'a')),
    '/base/big.mp4': (response) => response.destroy(),
    '/base/docs/': (response) => response.end('dacs'),
  }
  const server = createServer((request, response) => {
    encodings.add(request.headers['accept-encoding'])
    if (request.url === '/m') return response.end(readFileSync(out))
    const special = answers[request.url!]
    if (special !== undefined) return special(response)
    const path = decodeURIComponent(request.url!.slice('/base/'.length))
    response.end(readFileSync(join(site, path === '' ? 'index.html' : path)))
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  t.teardown(() => server.close())
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const drawn: string[] = []
  const terminal = (text: string) => void drawn.push(text)
  const found = await run(['verify', `${origin}/base/`, '--manifest', `${origin}/m`], { terminal })
  t.equal(found.code, 1)
  t.strictSame(found.out, [
    'missing    /big.mp4  (UND_ERR_SOCKET)',
    'different  /docs/  (the same size, other bytes)',
    'missing    /empty.bin  (status 404)',
    'different  /piece-less.js  (encoded (gzip))',
    `different  /piece-more.js  (more than ${PIECE + 1} bytes)`,
    'different  /piece.js  (status 301)',
    'www, sequence 1: 12 paths, 6 not as signed',
  ])
  t.ok(encodings.has('identity'))
  t.ok(drawn.length > 0 && drawn.at(-1)!.endsWith('\x1b[K'), 'progress is drawn, and cleared')
  for (const path of Object.keys(answers)) delete answers[path]
  answers['/base/docs/'] = (response) => response.end('docs')
  t.match(await run(['verify', `${origin}/base`, '--manifest', out]), { code: 0, out: [/all as signed/] })
  t.match(await run(['verify', `${origin}/base`, '--manifest', join(root, 'none')]), { code: 2, err: [/no such file/] })
  t.match(await run(['verify', `${origin}/base`, '--manifest', `${origin}/base/docs/`]), { code: 2 })
  t.match(await run(['verify', `${origin}/base`, '--manifest', 'http://127.0.0.1:1/m']), { code: 2, err: [/fetched/] })
  t.match(await run(['verify', origin, '--manifest', out, '--concurrency', '65']), { code: 2 })
  t.match(await run(['verify', origin, '--manifest', out, '--timeout', 'x']), { code: 2 })
})

t.test('a manifest is shown', async (t) => {
  const { out, publicKey, build } = await ground(t)
  await build('--site', 'www', '--created', '2026-11-26T00:00:00Z', '--expires', '2100-01-01T00:00:00Z')
  const { text, code } = await run(['show', out, '--json'])
  t.equal(code, 0)
  t.match(JSON.parse(text), { site: 'www', sequence: 1, expired: false, paths: 12, public_key: publicKey })
  t.match((await run(['show', out])).out, [/^site: +www$/, /^sequence: +1$/])
  const file = await run(['show', out, '/big.mp4', '--public-key', publicKey])
  t.match(file.out, ['path:       /big.mp4', /^size:/, 'type:       video/mp4', /^sha256:/, 'pieces:     6', /none$/])
  t.match(await run(['show', out, '/none']), { code: 1, err: [/has no "\/none"/] })
  t.match(await run(['show', '/dev/null']), { code: 2, err: [/it is no file/] })
  t.match(await run(['show', out, '--public-key', 'x']), { code: 2 })
})
