import { open, rename, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { makeFolder } from './make-folder.ts'

/** Bytes. Longer than any chain that a CA sends. */
const MAX_FILE = 256 * 1024

/** The text of a file; null where there is none. Throws for what is no file, or larger than `most` bytes. */
export async function readPrivateFile(path: string, most = MAX_FILE): Promise<string | null> {
  // Opening a pipe would wait for a writer.
  const found = await stat(path).catch(absent)
  if (found === null) return null
  if (!found.isFile() || found.size > most) throw new TypeError('this is no file, or it is too large')
  const file = await open(path).catch(absent)
  if (file === null) return null
  return file.readFile('utf8').finally(() => file.close())
}

/** Whoever reads meanwhile, or after a crash, finds the old contents or the new ones, whole. Only its owner may read. */
export async function writePrivateFile(path: string, contents: string, unique: string): Promise<void> {
  const folder = dirname(path)
  await makeFolder(folder)
  const temporary = join(folder, `.${basename(path)}.${unique}.tmp`)
  const file = await open(temporary, 'w', 0o600)
  try {
    await file.writeFile(contents)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(temporary, path)
  const directory = await open(folder)
  await directory.sync().finally(() => directory.close())
}

function absent(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null
  throw error
}
