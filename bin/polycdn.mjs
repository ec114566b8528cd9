#!/usr/bin/env node
// Starts polycdn. Plain JavaScript that Node 12.20 still parses (no ?. or ??, no top-level await): an old Node would
// die on the first TypeScript file before any check in it could run.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const REQUIRED = [22, 19]
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP']
const launcher = fileURLToPath(import.meta.url)
const root = dirname(dirname(launcher))

/** 'v22.19.0' or '22.19.0' → whether polycdn runs on that version. */
function suffices(version) {
  const match = /^v?(\d+)\.(\d+)\./.exec(version)
  if (match === null) return false
  const major = Number(match[1])
  return major > REQUIRED[0] || (major === REQUIRED[0] && Number(match[2]) >= REQUIRED[1])
}

/** The program: sources in a checkout, compiled files in a published package. */
function findProgram() {
  return [join(root, 'src', 'main.ts'), join(root, 'dist', 'main.js')].find((file) => existsSync(file))
}

/** The `node` package that `npm ci` installs in a checkout, here or in a folder above (hoisted). */
function findInstalledNode() {
  for (let folder = root; ; folder = dirname(folder)) {
    for (const candidate of nodesIn(join(folder, 'node_modules'))) {
      if (existsSync(candidate) && suffices(versionOf(candidate))) return candidate
    }
    if (folder === dirname(folder)) return undefined
  }
}

function nodesIn(modules) {
  const binary = process.platform === 'win32' ? 'node.exe' : 'node'
  return [join(modules, 'node', 'bin', binary), join(modules, '.bin', binary)]
}

function versionOf(binary) {
  const answer = spawnSync(binary, ['--version'], { encoding: 'utf8', timeout: 10000 })
  return answer.status === 0 ? answer.stdout.trim() : ''
}

function runHere(program) {
  import(pathToFileURL(program).href).catch((error) => {
    const text = error instanceof Error ? error.message.split('\n')[0] : String(error)
    if (error instanceof Error && error.code === 'ERR_MODULE_NOT_FOUND') {
      const remedy = text.startsWith('Cannot find package') ? `run \`npm ci\` in ${root}` : 'the package is incomplete'
      return fail(`${remedy}: ${text}`)
    }
    return fail(text)
  })
}

/** The same once more, with a Node that suffices. */
function runWith(binary) {
  const child = spawn(binary, [launcher].concat(process.argv.slice(2)), { stdio: 'inherit' })
  for (const signal of FORWARDED) process.on(signal, () => forward(child, signal))
  child.on('error', (error) => fail(`cannot start ${binary}: ${error.message}`))
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code)
    // End as the child ended, so that a shell or a supervisor sees the same; the number is for signals that do not end us.
    for (const name of FORWARDED) process.removeAllListeners(name)
    process.exitCode = 128 + constants.signals[signal]
    process.kill(process.pid, signal)
  })
}

/** A terminal sends Ctrl-C to the child as well, and a second SIGINT would mean "do not wait for open requests". */
function forward(child, signal) {
  const fromTerminal = signal === 'SIGINT' && process.stdin.isTTY
  if (!fromTerminal) child.kill(signal)
}

function fail(why) {
  console.error(`polycdn: ${why}`)
  process.exit(1)
}

function explainOldNode() {
  const remedy = existsSync(join(root, 'src'))
    ? `run \`npm ci\` in ${root}`
    : 'install the npm package `node` beside it'
  const facts = `Node ${REQUIRED.join('.')} or newer is needed, this is ${process.versions.node}`
  fail(`${facts}, and no newer one is installed beside polycdn: update Node, or ${remedy}`)
}

function main() {
  const program = findProgram()
  if (program === undefined) return fail(`neither src/main.ts nor dist/main.js exists in ${root}: incomplete package`)
  if (suffices(process.versions.node)) return runHere(program)
  const binary = findInstalledNode()
  return binary === undefined ? explainOldNode() : runWith(binary)
}

main()
