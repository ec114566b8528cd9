import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Makes a folder, for this user alone, and those above it that are missing. Throws what the file system says. Node's own way
 * (`recursive`) never ends where a folder cannot be made below one that is there, as below /proc.
 */
export async function makeFolder(path: string): Promise<void> {
  if ((await make(path)) === null) return
  const above = dirname(path)
  if (!(await isFolder(above))) await makeFolder(above)
  // Once more in any case: another process may have made what is above in the meantime.
  const missing = await make(path)
  if (missing !== null) throw missing
}

/** null: it is there; else ENOENT, which says that something above is missing, or that nothing can be made there. */
async function make(path: string): Promise<Error | null> {
  try {
    await mkdir(path, { mode: 0o700 })
    return null
  } catch (error) {
    if (await isFolder(path)) return null
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return error as Error
    throw error
  }
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
}
