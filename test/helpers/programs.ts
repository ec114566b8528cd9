import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Programs that scenarios use, each with the Debian package that brings it. */
const PACKAGES = {
  nginx: 'nginx',
  wrk: 'wrk',
  promtool: 'prometheus',
  'redis-server': 'redis-server',
  chromium: 'chromium',
  curl: 'curl',
  nghttp: 'nghttp2-client',
  h2load: 'nghttp2-client',
  taskset: 'util-linux',
  varnishd: 'varnish',
  varnishncsa: 'varnish',
} as const

export type Program = keyof typeof PACKAGES

/** The program's path, or null. Looks in PATH and in /usr/sbin, which Debian leaves out of a user's PATH. */
export function findProgram(name: Program): string | null {
  const dirs = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
  return dirs.map((dir) => join(dir || '.', name)).find(isExecutable) ?? null
}

export function requireProgram(name: Program): string {
  const path = findProgram(name)
  if (path === null) throw new Error(missing(name))
  return path
}

export interface Skippable {
  plan(count: number, reason: string): void
}

/** True when every program is there. Otherwise the test is marked as skipped, loudly, and must return at once. */
export function skipUnless(t: Skippable, ...names: Program[]): boolean {
  const absent = names.filter((name) => findProgram(name) === null)
  if (absent.length === 0) return true
  const reason = absent.map(missing).join('; ')
  console.error(`\n*** SKIPPED: ${reason} ***\n`)
  t.plan(0, reason)
  return false
}

function missing(name: Program): string {
  return `${name} is not installed (apt-get install ${PACKAGES[name]})`
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
