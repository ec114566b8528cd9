import { realpath } from 'node:fs/promises'
import { relative, resolve, sep } from 'node:path'

/** The path of a file below a folder: a manifest that lies there does not list itself. null: it is elsewhere. */
export async function pathWithin(folder: string, file: string): Promise<string | null> {
  const root = await realpath(folder).catch(() => resolve(folder))
  const path = relative(root, await realpath(file).catch(() => resolve(file)))
  return path === '..' || path.startsWith(`..${sep}`) ? null : `/${path.split(sep).join('/')}`
}
