import { createHash, hash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { PolycdnError } from '../errors.ts'
import { PIECE } from './manifest.ts'
import type { SignedFile } from './sign-manifest.ts'

/**
 * What a manifest says of the bytes of a file. Holds one piece. Throws a PolycdnError for what cannot be read, or changes
 * meanwhile.
 */
export async function hashFile(
  path: string,
  onBytes: (bytes: number) => void,
): Promise<Pick<SignedFile, 'size' | 'sha256' | 'pieces'>> {
  const refuse = (why: string) => new PolycdnError('manifest_invalid', `${path}: ${why}`)
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    throw refuse(`it cannot be read (${error.code})`)
  })
  try {
    const before = await file.stat()
    const whole = createHash('sha256')
    const buffer = Buffer.allocUnsafe(Math.min(PIECE, before.size + 1))
    const pieces: Buffer[] = []
    let size = 0
    for (let filled = await fill(file, buffer, size); filled > 0; filled = await fill(file, buffer, size)) {
      const piece = buffer.subarray(0, filled)
      whole.update(piece)
      pieces.push(hash('sha256', piece, 'buffer'))
      size += filled
      onBytes(filled)
      if (size > before.size) break
    }
    const after = await file.stat()
    if (size !== before.size || after.mtimeMs !== before.mtimeMs) throw refuse('it changed while it was read')
    const sha256 = whole.digest('base64url')
    return pieces.length > 1 ? { size, sha256, pieces: Buffer.concat(pieces).toString('base64url') } : { size, sha256 }
  } finally {
    await file.close()
  }
}

/** A read may give less than there is. */
async function fill(file: Awaited<ReturnType<typeof open>>, buffer: Buffer, position: number): Promise<number> {
  let filled = 0
  while (filled < buffer.length) {
    const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, position + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return filled
}
