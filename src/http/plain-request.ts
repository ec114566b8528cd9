import type { IncomingHttpHeaders } from 'node:http'
import type { Socket } from 'node:net'
import type { Standing } from './admit.ts'
import type { RequestHead } from './request-head.ts'

/**
 * Request lines and header sections as clients send nearly all of them, in the grammar of RFC 9112 sections 3 and 5 and no
 * wider: GET or HEAD of HTTP/1.1, no line folded, nothing between a name and its colon.
 */
const LINE = /^(GET|HEAD) ([\x21-\x7e]+) HTTP\/1\.1\r\n$/
const SECTION = /^(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*\r\n)*\r\n$/
const BLANK = /^[\t ]+|[\t ]+$/g

/** Characters: a longer section is not kept, since idle connections are many. */
const MOST_KEPT = 2_048

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

/** A header section. No name in it was sent twice, so nobody has to know how its lines are joined. */
interface Section extends Pick<RequestHead, 'rawHeaders' | 'headers'> {
  /** As it was sent, with the empty line. */
  readonly text: string
  /** What was made of it for the last request that had it. */
  standing: Standing | null
}

/** A GET or HEAD without content that leaves its connection as it is, read without Node's parser. */
export class PlainRequest implements RequestHead {
  readonly method: string
  readonly url: string
  readonly rawHeaders: string[]
  readonly headers: IncomingHttpHeaders
  readonly section: Section
  readonly socket: Socket
  readonly complete = true
  readonly httpVersion = '1.1'
  readonly httpVersionMajor = 1

  constructor(socket: Socket, method: string, url: string, section: Section) {
    this.socket = socket
    this.method = method
    this.url = url
    this.rawHeaders = section.rawHeaders
    this.headers = section.headers
    this.section = section
  }
}

/** Reads the requests of a connection. Clients repeat their header section, most often to the byte: it is read once then. */
export class PlainRequests {
  readonly #socket: Socket
  #last: Section | null = null

  constructor(socket: Socket) {
    this.#socket = socket
  }

  /**
   * The request that these bytes are, if they are one from the first to the last; null: they are more than one, a part of
   * one, or one that is not plain.
   *
   * @param most bytes that a head may have
   */
  read(bytes: Buffer, most: number): PlainRequest | null {
    if (bytes.length > most) return null
    const text = bytes.toString('latin1')
    const last = this.#last
    if (last !== null && text.endsWith(last.text)) {
      const again = this.#request(text.slice(0, -last.text.length), last)
      if (again !== null) return again
    }
    const end = text.indexOf('\r\n') + 2
    // Out of the bytes: a slice of the text would keep all of it for as long as the section is kept.
    const section = sectionOf(bytes.toString('latin1', end))
    if (section === null) return null
    if (section.text.length <= MOST_KEPT) this.#last = section
    return this.#request(text.slice(0, end), section)
  }

  #request(line: string, section: Section): PlainRequest | null {
    const parts = LINE.exec(line)
    return parts === null ? null : new PlainRequest(this.#socket, parts[1]!, parts[2]!, section)
  }
}

function sectionOf(text: string): Section | null {
  if (!SECTION.test(text)) return null
  const rawHeaders: string[] = []
  const headers: IncomingHttpHeaders = Object.create(null)
  for (let at = 0; at < text.length - 2; ) {
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
  return { text, rawHeaders, headers, standing: null }
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
