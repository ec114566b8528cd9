import type { Stats } from 'node:fs'
import { readdir, realpath, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { PolycdnError } from '../errors.ts'
import { refusePath } from './file-path.ts'
import { MAX_FILES } from './open-manifest.ts'

export interface FoundFile {
  /** From the folder, decoded: `/docs/index.html`. */
  readonly path: string
  /** Absolute. */
  readonly file: string
  /** Bytes. */
  readonly size: number
}

/**
 * Every file below a folder, in the order of paths. Symbolic links to files inside are followed; what leads outside, a
 * link to a folder, and whatever is no file would be left out by some servers and not by others: a PolycdnError.
 */
export async function walkFolder(folder: string, leaveOut: (path: string) => boolean): Promise<readonly FoundFile[]> {
  const root = await realpath(folder).catch(() => {
    throw new PolycdnError('manifest_invalid', `${folder}: there is no such folder`)
  })
  const found: FoundFile[] = []
  const folders = ['/']
  for (let path = folders.pop(); path !== undefined; path = folders.pop()) {
    for (const entry of await entriesOf(join(root, path))) {
      const below = `${path}${entry.name}`
      if (leaveOut(below)) continue
      checkName(below)
      if (entry.isDirectory()) folders.push(`${below}/`)
      else found.push(await fileAt(root, below))
    }
    if (found.length > MAX_FILES) throw new PolycdnError('manifest_invalid', `there are more than ${MAX_FILES} files`)
  }
  return found.sort((a, b) => (a.path < b.path ? -1 : 1))
}

async function entriesOf(folder: string) {
  return readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    throw new PolycdnError('manifest_invalid', `${folder}: it cannot be read (${error.code})`)
  })
}

/** What is no UTF-8 comes with a mark in its place. */
function checkName(path: string): void {
  const wrong = path.includes('\ufffd') ? 'its name is no UTF-8' : refusePath(path)
  if (wrong !== null) throw new PolycdnError('manifest_invalid', `${JSON.stringify(path)}: ${wrong}`)
}

async function fileAt(root: string, path: string): Promise<FoundFile> {
  const real = await realpath(join(root, path)).catch(() => null)
  const refuse = (why: string) => new PolycdnError('manifest_invalid', `${path}: ${why}`)
  if (real === null) throw refuse('the symbolic link leads nowhere')
  if (!real.startsWith(root === sep ? root : root + sep)) throw refuse('the symbolic link leads out of the folder')
  const found: Stats | null = await stat(real).catch(() => null)
  if (found?.isDirectory()) throw refuse('symbolic links to folders are not followed')
  if (!found?.isFile()) throw refuse('it is no file')
  return { path, file: real, size: found.size }
}
