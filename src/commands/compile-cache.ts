import { lstatSync, mkdirSync, realpathSync } from 'node:fs'
import { enableCompileCache, flushCompileCache } from 'node:module'
import { dirname, isAbsolute, join, relative } from 'node:path'
import type { Shell } from './shell.ts'

/** Milliseconds: what was compiled until then is what the next start needs. */
const SETTLED = 1_000

/** As whom the program runs. */
export interface User {
  readonly uid: number
  readonly gid: number
}

/**
 * Keeps what Node compiles of this program for its next start, which then takes two thirds of the time. What lies there is
 * run, so it is kept only where nobody else can write.
 */
export function keepCompiled(env: NodeJS.ProcessEnv, user: User): void {
  const folder = cacheFolder(env, user)
  if (folder === null) return
  enableCompileCache(folder)
  // For the processes below this one, which have it from their first module on.
  env.NODE_COMPILE_CACHE ||= folder
}

/** Keeps what a process that goes on running has compiled: one that is killed keeps nothing. */
export function keepCompiledSoon(): void {
  setTimeout(flushCompileCache, SETTLED).unref()
}

/**
 * A folder of ours below the user's folder for caches (systemd's CacheDirectory, or the XDG base directory specification),
 * made if it is missing; null: there is none that only this user can write to.
 */
export function cacheFolder(env: Shell['env'], user: User): string | null {
  const ofService = env.CACHE_DIRECTORY?.split(':')[0]
  const base = ofService || env.XDG_CACHE_HOME || (env.HOME && join(env.HOME, '.cache'))
  if (!base || !isAbsolute(base)) return null
  try {
    const there = nearest(base)
    // A home that is missing is nobody's, and not ours to make.
    if (there !== base && there !== dirname(base)) return null
    const real = realpathSync(there)
    if (!isSafe(real, user)) return null
    const folder = join(real, relative(there, base), ...(ofService ? [] : ['polycdn']), 'compiled')
    make(folder, real)
    const { uid, mode } = lstatSync(folder)
    return isSafe(folder, user) && uid === user.uid && (mode & 0o022) === 0 ? folder : null
  } catch {
    return null
  }
}

/** Makes a folder below another one that is there. Node's `recursive` never ends below some that take none, as /proc. */
function make(path: string, real: string): void {
  if (path === real || lstatSync(path, { throwIfNoEntry: false }) !== undefined) return
  make(dirname(path), real)
  mkdirSync(path, { mode: 0o700 })
}

/** The path itself, or the first one above it that there is. */
function nearest(path: string): string {
  return lstatSync(path, { throwIfNoEntry: false }) === undefined ? nearest(dirname(path)) : path
}

/** Nobody but this user and root can put something else in the place of a folder, or of one above it. */
function isSafe(path: string, { uid, gid }: User): boolean {
  const stats = lstatSync(path)
  // A group of the user alone has the user's number; any other may have somebody else in it.
  const isOwnGroup = stats.gid === 0 || (stats.gid === gid && gid === uid)
  const othersWrite = (stats.mode & 0o002) !== 0 || ((stats.mode & 0o020) !== 0 && !isOwnGroup)
  // What is sticky lets others add, and not replace what is ours.
  const holds = !othersWrite || (stats.mode & 0o1000) !== 0
  const isOurs = stats.isDirectory() && (stats.uid === uid || stats.uid === 0)
  return isOurs && holds && (dirname(path) === path || isSafe(dirname(path), { uid, gid }))
}
