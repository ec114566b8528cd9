import { field, readChunks } from './raw-response.ts'

/** A request as it came over the wire. */
export interface RecordedRequest {
  readonly raw: Buffer
  readonly method: string
  readonly target: string
  readonly version: string
  /** In order, as sent. */
  readonly fields: readonly (readonly [name: string, value: string])[]
  readonly body: Buffer
  /** A field's values, joined with commas; undefined when there is none. */
  header(name: string): string | undefined
}

/** The first complete request in the bytes; null when there is none yet. */
export function parseRequest(bytes: Buffer): RecordedRequest | null {
  const end = bytes.indexOf('\r\n\r\n')
  if (end === -1) return null
  const [first = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n')
  const [method = '', target = '', version = ''] = first.split(' ')
  const fields = lines.map((line) => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon), line.slice(colon + 1).trim()] as const
  })
  const header = (name: string) => field({ fields }, name)
  const body = bodyOf(bytes.subarray(end + 4), header)
  if (body === null) return null
  return { raw: bytes.subarray(0, end + 4 + body.length), method, target, version, fields, body: body.content, header }
}

function bodyOf(bytes: Buffer, header: (name: string) => string | undefined) {
  if (header('transfer-encoding')?.toLowerCase() === 'chunked') return readChunks(bytes)
  const length = Number(header('content-length') ?? 0)
  return bytes.length < length ? null : { content: bytes.subarray(0, length), length }
}
