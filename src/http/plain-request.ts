import type { IncomingHttpHeaders } from 'node:http'
import type { Socket } from 'node:net'
import type { RequestHead } from './request-head.ts'

/**
 * A whole request head as clients send nearly all of them, in the grammar of RFC 9112 sections 3 and 5 and no wider:
 * GET or HEAD of HTTP/1.1, no line folded, nothing between a name and its colon.
 */
const HEAD =
  /^(GET|HEAD) ([\x21-\x7e]+) HTTP\/1\.1\r\n(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*\r\n)*\r\n$/
const BLANK = /^[\t ]+|[\t ]+$/g
const END = Buffer.from('\r\n\r\n')

/**
 * What changes how the connection is read, or is another protocol's; what asks for anything but the whole of an answer, or
 * for more than that; and what Node has as a list.
 */
const NOT_PLAIN: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'http2-settings',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'keep-alive',
  'polycdn-cdn',
  'polycdn-debug',
  'proxy-connection',
  'range',
  'set-cookie',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** A GET or HEAD without content that leaves its connection as it is, read without Node's parser. */
export class PlainRequest implements RequestHead {
  readonly method: string
  readonly url: string
  readonly rawHeaders: string[]
  /** No name in it was sent twice, so nobody has to know how its lines are joined. */
  readonly headers: IncomingHttpHeaders
  readonly socket: Socket
  readonly complete = true
  readonly httpVersion = '1.1'
  readonly httpVersionMajor = 1

  constructor(socket: Socket, method: string, url: string, fields: Pick<RequestHead, 'rawHeaders' | 'headers'>) {
    this.socket = socket
    this.method = method
    this.url = url
    this.rawHeaders = fields.rawHeaders
    this.headers = fields.headers
  }
}

/**
 * The request that these bytes are, if they are one from the first to the last; null: they are more than one, a part of
 * one, or one that is not plain.
 *
 * @param most bytes that a head may have
 */
export function parsePlainRequest(bytes: Buffer, socket: Socket, most: number): PlainRequest | null {
  if (bytes.length > most || bytes.indexOf(END) !== bytes.length - END.length) return null
  const text = bytes.toString('latin1')
  const line = HEAD.exec(text)
  if (line === null) return null
  const fields = fieldsOf(text)
  return fields === null ? null : new PlainRequest(socket, line[1]!, line[2]!, fields)
}

/** @param text a head that matches HEAD */
function fieldsOf(text: string): Pick<RequestHead, 'rawHeaders' | 'headers'> | null {
  const rawHeaders: string[] = []
  const headers: IncomingHttpHeaders = Object.create(null)
  for (let at = text.indexOf('\r\n') + 2; at < text.length - 2; ) {
    const colon = text.indexOf(':', at)
    const end = text.indexOf('\r\n', colon)
    const name = text.slice(at, colon)
    const key = name.toLowerCase()
    const value = trimmed(text, colon + 1, end)
    const isPlain = !NOT_PLAIN.has(key) || (key === 'connection' && value.toLowerCase() === 'keep-alive')
    if (!isPlain || headers[key] !== undefined) return null
    rawHeaders.push(name, value)
    headers[key] = value
    at = end + 2
  }
  return { rawHeaders, headers }
}

/** RFC 9112 section 5.1: the white space round a value is none of it. */
function trimmed(text: string, from: number, to: number): string {
  const first = text.charCodeAt(from) === 32 ? from + 1 : from
  const value = text.slice(first, to)
  return isBlank(value.charCodeAt(0)) || isBlank(value.charCodeAt(value.length - 1)) ? value.replace(BLANK, '') : value
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9
}
