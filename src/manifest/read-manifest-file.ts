import { open, stat } from 'node:fs/promises'
import { MAX_MANIFEST } from './envelope.ts'

/** The bytes of a file that may hold a manifest. Throws an Error that says why not, without the path. */
export async function readManifestFile(path: string): Promise<Buffer> {
  try {
    // Opening a pipe would wait for its writer.
    const found = await stat(path)
    if (!found.isFile()) throw new TypeError('it is no file')
    if (found.size > MAX_MANIFEST) throw new TypeError(`it is larger than ${MAX_MANIFEST / 2 ** 20} MiB`)
    const file = await open(path)
    return await file.readFile().finally(() => file.close())
  } catch (thrown) {
    if (!(thrown instanceof Error && 'code' in thrown)) throw thrown
    throw new TypeError(thrown.code === 'ENOENT' ? 'there is no such file' : `it cannot be read (${thrown.code})`)
  }
}
