import { execFileSync } from 'node:child_process'
import fs from 'node:fs/promises'
import type { Scope } from '../../helpers/scope.ts'

/**
 * Makes a folder a disk of its own with so many MiB, as root may where mounting is allowed. False: it is not; nothing
 * was done.
 */
export function mountSmallDisk(scope: Scope, folder: string, mebibytes: number): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', folder], { stdio: 'ignore' })
  } catch {
    return false
  }
  scope.teardown(() => execFileSync('umount', ['--lazy', folder]))
  return true
}

/**
 * From now on files below a folder are written as on a disk that is full: the half of it, then ENOSPC. What it returns
 * makes room again. What SQLite writes is not among them.
 */
export function fillDisk(scope: Scope, folder: string, code = 'ENOSPC'): () => void {
  const { writeFile } = fs
  const restore = () => {
    fs.writeFile = writeFile
  }
  fs.writeFile = async (path, data, options) => {
    if (!String(path).startsWith(folder)) return writeFile(path, data, options)
    const bytes = data as Buffer
    await writeFile(path, bytes.subarray(0, bytes.length / 2), options)
    throw Object.assign(new Error(`${code}: no space left on device, write`), { code, syscall: 'write' })
  }
  scope.teardown(restore)
  return restore
}
