import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { pipeline, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { PolycdnError } from '../errors.ts'

const CHUNK = 256 * 1024
const STANDARD_INPUT = 0
/** RFC 1952 section 2.3.1. */
const GZIP = Buffer.from([0x1f, 0x8b])

export interface LogFile {
  /** Of the file, compressed where it is; null: nobody knows. */
  readonly size: number | null
  /** The contents, unpacked where they are compressed. Throws log_unreadable. */
  chunks(onRead: (bytes: number) => void): AsyncIterable<Buffer>
}

/** Opens a log, or standard input for `-`. Throws log_unreadable for what is no file. */
export async function openLog(path: string): Promise<LogFile> {
  const size = path === '-' ? null : await sizeOf(path)
  return { size, chunks: (onRead) => read(path, onRead) }
}

async function sizeOf(path: string): Promise<number | null> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw unreadable(path, error)
  })
  if (found.isDirectory()) throw new PolycdnError('log_unreadable', `${path} is a folder`)
  return found.isFile() ? found.size : null
}

async function* read(path: string, onRead: (bytes: number) => void): AsyncGenerator<Buffer> {
  const options = { highWaterMark: CHUNK }
  const source =
    path === '-' ? createReadStream('', { ...options, fd: STANDARD_INPUT }) : createReadStream(path, options)
  try {
    yield* unpacked(counted(source, onRead))
  } catch (error) {
    throw unreadable(path === '-' ? 'standard input' : path, error as NodeJS.ErrnoException)
  }
}

async function* counted(source: AsyncIterable<Buffer>, onRead: (bytes: number) => void): AsyncGenerator<Buffer> {
  for await (const chunk of source) {
    onRead(chunk.length)
    yield chunk
  }
}

async function* unpacked(source: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  const first = await source.next()
  if (first.done) return
  const whole = prepend(first.value, source)
  if (!first.value.subarray(0, GZIP.length).equals(GZIP)) return yield* whole
  const gunzip = createGunzip({ chunkSize: CHUNK })
  // A failure of either destroys both, and the loop below throws it.
  pipeline(Readable.from(whole, { objectMode: false }), gunzip, () => {})
  yield* gunzip as AsyncIterable<Buffer>
}

async function* prepend(first: Buffer, rest: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  yield first
  yield* rest
}

function unreadable(path: string, { code, message }: NodeJS.ErrnoException): PolycdnError {
  const why =
    code === 'ENOENT' ? 'there is no such file' : code === 'Z_BUF_ERROR' ? 'its compressed data is cut off' : message
  return new PolycdnError('log_unreadable', `${path} cannot be read: ${why}`)
}
