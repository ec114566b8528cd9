import { createHash } from 'node:crypto'
import { open, stat } from 'node:fs/promises'

export type ReadFile = { readonly bytes: Buffer; readonly hash: string } | { readonly refused: string }

/** Reads a small regular file. What stands in the way comes back as words, without the path. Never throws, never waits. */
export async function readFile(path: string, limit: number): Promise<ReadFile> {
  try {
    // Opening a pipe would wait for its writer.
    if (!(await stat(path)).isFile()) return { refused: 'it is not a file' }
    const handle = await open(path)
    try {
      const buffer = Buffer.allocUnsafe(limit + 1)
      let length = 0
      while (length <= limit) {
        const { bytesRead } = await handle.read(buffer, length, limit + 1 - length, length)
        if (bytesRead === 0) break
        length += bytesRead
      }
      if (length > limit) return { refused: `it is larger than ${limit / 1024} KiB` }
      const bytes = Buffer.from(buffer.subarray(0, length))
      return { bytes, hash: createHash('sha256').update(bytes).digest('hex') }
    } finally {
      await handle.close()
    }
  } catch (thrown) {
    return { refused: reason(thrown) }
  }
}

function reason(thrown: unknown): string {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unknown error'
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'there is no such file'
  if (code === 'EACCES' || code === 'EPERM') return 'the permission is missing'
  if (code === 'ELOOP') return 'its symbolic links lead in a circle'
  return code
}
