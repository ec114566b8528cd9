import { lstatSync, mkdirSync, type Stats } from 'node:fs'
import { enableCompileCache, flushCompileCache } from 'node:module'
import { dirname, isAbsolute, join } from 'node:path'
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
  const folder = ofService ? join(base, 'compiled') : join(base, 'polycdn', 'compiled')
  try {
    if (!isPrivate(nearest(base), user)) return null
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    return [base, dirname(folder), folder].every((each) => isPrivate(lstatSync(each), user)) ? folder : null
  } catch {
    return null
  }
}

/** The folder itself, or the first one above it that there is. */
function nearest(path: string): Stats {
  return lstatSync(path, { throwIfNoEntry: false }) ?? nearest(dirname(path))
}

function isPrivate(stats: Stats, { uid, gid }: User): boolean {
  const othersWrite = (stats.mode & 0o002) !== 0 || ((stats.mode & 0o020) !== 0 && stats.gid !== gid)
  return stats.isDirectory() && stats.uid === uid && !othersWrite
}
