import { type FileHandle, open, stat } from 'node:fs/promises'
import { PolycdnError } from '../errors.ts'

const MIB = 1024 * 1024
const LARGEST = 512 * MIB

/** `\xab\xcd\xefMaxMind.com`: stands before the metadata, in the last 128 KiB of every MaxMind DB. */
const MARKER = Buffer.from('abcdef4d61784d696e642e636f6d', 'hex')
const METADATA_LIMIT = 128 * 1024

export interface DatabaseFile {
  readonly bytes: Buffer
  /** Where the data ends. */
  readonly dataEnd: number
  /** Where the metadata begins. */
  readonly metadata: number
  readonly version: string
}

/** Tells whether a file was replaced or rewritten. Throws what stat throws. */
export async function fileVersion(path: string): Promise<string> {
  return versionOf(await stat(path, { bigint: true }))
}

/** Reads a file that looks like a whole MaxMind DB, of at most 512 MiB. Throws geo_unreadable. */
export async function readDatabaseFile(path: string): Promise<DatabaseFile> {
  const { bytes, version } = await readWhole(path)
  if (bytes.length === 0) throw unreadable(path, 'the file is empty')
  if (bytes[0] === 0x1f && bytes[1] === 0x8b)
    throw unreadable(path, 'the file is compressed with gzip; unpack it first')
  const marker = bytes.lastIndexOf(MARKER)
  if (marker < bytes.length - METADATA_LIMIT || marker < 0) {
    throw unreadable(path, 'not a MaxMind DB file, or cut off: it has no metadata at its end')
  }
  return { bytes, version, dataEnd: marker, metadata: marker + MARKER.length }
}

async function readWhole(path: string): Promise<{ bytes: Buffer; version: string }> {
  try {
    const found = await stat(path, { bigint: true })
    // Opening a pipe would wait for its writer.
    if (!found.isFile()) throw unreadable(path, 'not a file')
    if (found.size > LARGEST) throw unreadable(path, `larger than ${LARGEST / MIB} MiB`)
    const handle = await open(path)
    try {
      const before = versionOf(await handle.stat({ bigint: true }))
      const bytes = await readUpTo(handle, Number(found.size))
      const after = versionOf(await handle.stat({ bigint: true }))
      if (versionOf(found) !== before || before !== after) throw unreadable(path, 'it changed while it was read')
      return { bytes, version: before }
    } finally {
      await handle.close()
    }
  } catch (thrown) {
    if (thrown instanceof PolycdnError) throw thrown
    throw unreadable(path, reason(thrown))
  }
}

async function readUpTo(handle: FileHandle, size: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(size)
  let length = 0
  while (length < size) {
    const { bytesRead } = await handle.read(bytes, length, Math.min(8 * MIB, size - length))
    if (bytesRead === 0) break
    length += bytesRead
  }
  return bytes.subarray(0, length)
}

export function unreadable(path: string, why: string): PolycdnError {
  return new PolycdnError('geo_unreadable', `cannot use the geo database ${path}: ${why}`)
}

function reason(thrown: unknown): string {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'no such file'
  if (code === 'EACCES' || code === 'EPERM') return 'permission denied'
  return typeof code === 'string' ? `reading failed (${code})` : 'reading failed'
}

function versionOf(found: { mtimeNs: bigint; size: bigint; ino: bigint; dev: bigint }): string {
  return `${found.dev}:${found.ino}:${found.size}:${found.mtimeNs}`
}
