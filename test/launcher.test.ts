import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { WITHOUT_TAP } from './helpers/child.ts'

const launcher = join(import.meta.dirname, '../bin/polycdn.mjs')
const systemNode = '/usr/bin/node'

/** Prints what a program can see of the way it was started. */
const REPORT = `console.log(JSON.stringify({
  args: process.argv.slice(2), pid: process.pid, version: process.versions.node, program: import.meta.filename,
}))`

interface Layout {
  readonly main?: string
  readonly dist?: string
  /** What stands at node_modules/node/bin/node: a shell script's text, or `real` for the Node that runs this test. */
  readonly installed?: string
}

/**
 * A package folder with the real launcher in it; returns the path of that launcher. It stands outside of the checkout,
 * whose own installed Node the launcher would find above it.
 */
function layOut(t: Test, { main, dist, installed }: Layout): string {
  const root = mkdtempSync(join(tmpdir(), 'polycdn-launcher-'))
  t.teardown(() => rmSync(root, { recursive: true, force: true }))
  write(join(root, 'package.json'), '{"type":"module"}')
  mkdirSync(join(root, 'bin'))
  copyFileSync(launcher, join(root, 'bin/polycdn.mjs'))
  if (main !== undefined) write(join(root, 'src/main.ts'), main)
  if (dist !== undefined) write(join(root, 'dist/main.js'), dist)
  const binary = join(root, 'node_modules/node/bin/node')
  if (installed !== undefined) mkdirSync(dirname(binary), { recursive: true })
  if (installed === 'real') symlinkSync(process.execPath, binary)
  else if (installed !== undefined) {
    write(binary, installed)
    chmodSync(binary, 0o755)
  }
  return join(root, 'bin/polycdn.mjs')
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}

/** Arguments for Node that make this launcher believe it runs on an old one. Its child does not inherit them. */
function onOldNode(file: string): string[] {
  const preload = join(dirname(file), 'old.cjs')
  write(preload, `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '16.20.2' } })`)
  return ['--require', preload, file]
}

function run(args: string[], node = process.execPath) {
  const { status, signal, stdout, stderr, pid } = spawnSync(WITHOUT_TAP[0], [...WITHOUT_TAP.slice(1), node, ...args], {
    encoding: 'utf8',
    timeout: 30_000,
  })
  return { status, signal, stdout, stderr, pid }
}

t.test('a new enough Node runs the sources of a checkout in the same process', async (t) => {
  const file = layOut(t, { main: `const typed: string = ''\n${REPORT}`, dist: 'throw new Error("dist was started")' })
  const { status, stdout, pid } = run([file, 'serve', '--config', 'a b.yaml'])
  t.equal(status, 0)
  const seen = JSON.parse(stdout)
  t.match(seen, { args: ['serve', '--config', 'a b.yaml'], pid, program: /src\/main\.ts$/ })
})

t.test('a published package has no sources: its compiled program is started', async (t) => {
  const { status, stdout } = run([layOut(t, { dist: REPORT }), 'validate'])
  t.equal(status, 0)
  t.match(JSON.parse(stdout), { args: ['validate'], program: /dist\/main\.js$/ })
})

t.test('npm starts it through a symbolic link', async (t) => {
  const file = layOut(t, { dist: REPORT })
  const link = join(dirname(file), 'polycdn')
  symlinkSync(file, link)
  t.match(JSON.parse(run([link, 'demo']).stdout), { args: ['demo'], program: /dist\/main\.js$/ })
})

t.test('an old Node hands over to the installed one', async (t) => {
  const file = layOut(t, { main: REPORT, installed: 'real' })
  const { status, stdout, pid } = run([...onOldNode(file), 'explain', '--ip', '81.2.69.142'])
  t.equal(status, 0)
  const seen = JSON.parse(stdout)
  t.match(seen, { args: ['explain', '--ip', '81.2.69.142'], version: process.versions.node })
  t.not(seen.pid, pid, 'another process')
})

t.test('the installed Node may be hoisted to a folder above', async (t) => {
  const inner = layOut(t, { installed: 'real' })
  const nested = join(dirname(dirname(inner)), 'node_modules/polycdn')
  write(join(nested, 'package.json'), '{"type":"module"}')
  write(join(nested, 'dist/main.js'), REPORT)
  mkdirSync(join(nested, 'bin'))
  copyFileSync(launcher, join(nested, 'bin/polycdn.mjs'))
  const { status, stdout } = run(onOldNode(join(nested, 'bin/polycdn.mjs')))
  t.equal(status, 0)
  t.match(JSON.parse(stdout), { version: process.versions.node })
})

t.test('the exit code of the installed Node is passed on', async (t) => {
  const file = layOut(t, { main: 'process.exit(2)', installed: 'real' })
  t.equal(run(onOldNode(file)).status, 2)
})

t.test('the signal that ended the installed Node is passed on', async (t) => {
  const file = layOut(t, { main: `process.kill(process.pid, 'SIGKILL')`, installed: 'real' })
  t.equal(run(onOldNode(file)).signal, 'SIGKILL')
})

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  t.test(`${signal} reaches the installed Node, once`, async (t) => {
    const main = `
      const seen = []
      process.on('${signal}', () => { seen.push('${signal}'); setTimeout(() => { console.log(seen.join()); process.exit(7) }, 100) })
      setInterval(() => {}, 1000)
      console.log('ready')`
    const command = [process.execPath, ...onOldNode(layOut(t, { main, installed: 'real' }))]
    const child = spawn(WITHOUT_TAP[0], [...WITHOUT_TAP.slice(1), ...command])
    t.teardown(() => child.kill('SIGKILL'))
    const output = collect(child)
    await once(child.stdout!, 'data')
    child.kill(signal)
    const [code] = await once(child, 'close')
    t.equal(code, 7)
    t.equal(output(), `ready\n${signal}\n`)
  })
}

t.test('an old Node alone says what is missing, in one line', async (t) => {
  const { status, stdout, stderr } = run(onOldNode(layOut(t, { main: REPORT })))
  t.equal(status, 1)
  t.equal(stdout, '')
  t.match(stderr, /^polycdn: Node 22\.19 or newer is needed, this is 16\.20\.2, .*npm ci.*\n$/)
})

t.test('an installed Node that is too old, or broken, does not count', async (t) => {
  for (const script of ['#!/bin/sh\necho v22.18.9\n', '#!/bin/sh\nexit 1\n', '#!/bin/sh\necho nonsense\n']) {
    const { status, stderr } = run(onOldNode(layOut(t, { dist: REPORT, installed: script })))
    t.equal(status, 1, script)
    t.match(stderr, /^polycdn: Node 22\.19 or newer is needed/, script)
  }
})

t.test('a folder without a program says so, in one line', async (t) => {
  const { status, stderr } = run([layOut(t, {})])
  t.equal(status, 1)
  t.match(stderr, /^polycdn: neither src\/main\.ts nor dist\/main\.js exists in .*\n$/)
})

t.test('what is not installed is named, without a stack trace', async (t) => {
  const packages = layOut(t, { main: `import 'no-such-package-here'`, installed: 'real' })
  const files = layOut(t, { dist: `import './no-such-file.js'`, installed: 'real' })
  for (const start of [(file: string) => [file], onOldNode]) {
    const ofPackages = run(start(packages))
    t.equal(ofPackages.status, 1)
    t.match(ofPackages.stderr, /^polycdn: run `npm ci` in .*no-such-package-here.*\n$/)
    const ofFiles = run(start(files))
    t.equal(ofFiles.status, 1)
    t.match(ofFiles.stderr, /^polycdn: the package is incomplete: .*no-such-file\.js.*\n$/)
  }
})

t.test('the launcher is written for very old versions of Node', async (t) => {
  const text = readFileSync(launcher, 'utf8').replace(/^\s*\/.*$/gm, '')
  t.notMatch(text, /\?\.[\w[(]|\?\?|^\s*await|#\w+ =|\.at\(|replaceAll/m)
  if (!existsSync(systemNode)) return t.comment(`${systemNode} is missing: not tried on the machine's own Node`)
  const file = layOut(t, { main: REPORT, installed: 'real' })
  const { status, stdout } = run([file], systemNode)
  t.equal(status, 0, `runs on the machine's own Node, ${run(['--version'], systemNode).stdout.trim()}`)
  t.match(JSON.parse(stdout).args, [])
})

function collect(child: ChildProcess): () => string {
  let text = ''
  child.stdout!.on('data', (chunk) => {
    text += chunk
  })
  return () => text
}
