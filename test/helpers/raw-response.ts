/** One answer as it came over the wire. */
export interface RawResponse {
  readonly version: string
  readonly status: number
  readonly reason: string
  /** In order, as sent. */
  readonly fields: readonly (readonly [name: string, value: string])[]
  readonly body: Buffer
  /** 1xx answers that came before it. */
  readonly interim: readonly number[]
}

export interface ParseOptions {
  /** The methods of the requests, in order; an answer to HEAD has no body. Default GET. */
  readonly methods?: readonly string[]
  /** The connection has ended with FIN: a body without a length is complete. */
  readonly ended?: boolean
}

/** A field's values, joined as RFC 9110 section 5.3 allows; undefined when there is none. */
export function field(message: Pick<RawResponse, 'fields'>, name: string): string | undefined {
  const values = message.fields.filter(([key]) => key.toLowerCase() === name.toLowerCase()).map(([, value]) => value)
  return values.length === 0 ? undefined : values.join(', ')
}

/** The complete answers in the bytes. Throws on bytes that are no answer: this is where a corrupted stream shows. */
export function parseResponses(bytes: Buffer, options: ParseOptions = {}): RawResponse[] {
  const found: RawResponse[] = []
  let interim: number[] = []
  let rest = bytes
  while (rest.length > 0) {
    const head = parseHead(rest)
    if (head === null) break
    const after = rest.subarray(head.length)
    if (head.status < 200 && head.status !== 101) {
      interim.push(head.status)
      rest = after
      continue
    }
    const body = readBody(head, after, {
      method: options.methods?.[found.length] ?? 'GET',
      ended: options.ended ?? false,
    })
    if (body === null) break
    const { version, status, reason, fields } = head
    found.push({ version, status, reason, fields, body: body.content, interim })
    interim = []
    rest = after.subarray(body.length)
  }
  return found
}

interface Head extends Omit<RawResponse, 'body' | 'interim'> {
  /** Bytes with the empty line. */
  readonly length: number
}

interface Body {
  readonly content: Buffer
  /** Bytes on the wire. */
  readonly length: number
}

function parseHead(bytes: Buffer): Head | null {
  const end = bytes.indexOf('\r\n\r\n')
  if (end === -1) return null
  const [first = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n')
  const match = /^(HTTP\/\d\.\d) (\d{3})(?: (.*))?$/.exec(first)
  if (match === null) throw new Error(`no status line: ${JSON.stringify(first.slice(0, 200))}`)
  const fields = lines.map((line) => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon), line.slice(colon + 1).trim()] as const
  })
  return { version: match[1]!, status: Number(match[2]), reason: match[3] ?? '', fields, length: end + 4 }
}

function readBody(head: Head, bytes: Buffer, context: { method: string; ended: boolean }): Body | null {
  if (context.method === 'HEAD' || head.status === 204 || head.status === 304) return takeBytes(bytes, 0)
  if (head.status === 101) return takeBytes(bytes, bytes.length)
  if (field(head, 'transfer-encoding')?.toLowerCase() === 'chunked') return readChunks(bytes)
  const length = field(head, 'content-length')
  if (length !== undefined) return takeBytes(bytes, Number(length))
  return context.ended ? takeBytes(bytes, bytes.length) : null
}

function takeBytes(bytes: Buffer, length: number): Body | null {
  return bytes.length < length ? null : { content: bytes.subarray(0, length), length }
}

/** RFC 9112 section 7.1, without trailers kept. */
export function readChunks(bytes: Buffer): Body | null {
  const parts: Buffer[] = []
  let at = 0
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at)
    if (lineEnd === -1) return null
    const line = bytes.subarray(at, lineEnd).toString('latin1')
    if (!/^[0-9a-f]+(;.*)?$/i.test(line)) throw new Error(`no chunk size: ${JSON.stringify(line.slice(0, 100))}`)
    const size = Number.parseInt(line, 16)
    const start = lineEnd + 2
    if (size === 0) return endOfChunks(bytes, start, parts)
    if (bytes.length < start + size + 2) return null
    parts.push(bytes.subarray(start, start + size))
    at = start + size + 2
  }
}

function endOfChunks(bytes: Buffer, start: number, parts: Buffer[]): Body | null {
  if (bytes.subarray(start, start + 2).toString('latin1') === '\r\n') {
    return { content: Buffer.concat(parts), length: start + 2 }
  }
  const end = bytes.indexOf('\r\n\r\n', start)
  return end === -1 ? null : { content: Buffer.concat(parts), length: end + 4 }
}
