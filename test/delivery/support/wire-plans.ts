import { Fuzz } from '../../http/support/fuzz.ts'

/** What an upstream does with one request. */
export interface Plan {
  readonly method: 'GET' | 'HEAD'
  /** What it sends, in parts that come one by one. */
  readonly parts: readonly Buffer[]
  readonly end: 'stay' | 'end!' | 'reset!'
  /** It may say more than its answer. */
  readonly goesOn: boolean
  /** What it means by that; null: it was damaged. */
  readonly meant: Meant | null
}

export interface Meant {
  readonly status: number
  /** A flat list of names and values. */
  readonly fields: readonly string[]
  readonly body: string
}

const STATUSES = [200, 200, 200, 200, 206, 404, 500, 599, 204, 304]
const REASONS = [' OK', ' ', ' Not \xe9 OK', ' 200 OK: x']
const INTERIM = [
  'HTTP/1.1 100 Continue\r\n\r\n',
  'HTTP/1.1 103 Early Hints\r\nlink: </a>; rel=preload\r\nx: \xff\r\n\r\n',
]
const FIELDS: readonly (readonly [name: string, value: string])[] = [
  ['X-A', 'b'],
  ['x-a', ''],
  ['Set-Cookie', 'a=b; c'],
  ["X!#$%&'*+-.^_`|~9", 'HTTP/1.1 200 OK'],
  ['x-odd', '\xe4 \t \x80"\\'],
  ['x-long', 'y'.repeat(300)],
  ['Keep-Alive', 'timeout=5, max=100'],
  ['Content-Type', 'text/plain; charset="x"'],
]
const BLANKS = ['', ' ', ' ', '\t  ']
const EXTENSIONS = ['', '', '', ';a', ';a=b', ';a="b; \\" c";d']
const TRAILERS = ['', '', 'x-t: y\r\n', 'x-t:\r\nExpires:  \t0 \r\n']

/** Pieces that readers of answers stumble over. */
const PIECES = [
  ...['\r', '\n', '\r\n', '\r\n\r\n', '\0', ' ', '\t', ':', ';', ',', '0', '5', 'f', '-', '+', '0x', '\xff', '\x80'],
  ...['0\r\n\r\n', '5\r\nhello\r\n', 'ffffffffffffffff\r\n', '00000000000\r\n', '1;'.padEnd(5000, 'x'), ' folded\r\n'],
  ...['Content-Length: 2\r\n', 'content-length: 2, 2\r\n', 'Content-Length : 2\r\n', 'Content-Length: 1e1\r\n'],
  ...['Transfer-Encoding: chunked\r\n', 'Transfer-Encoding: identity\r\n', 'Transfer-Encoding: chunked, gzip\r\n'],
  ...['Connection: close\r\n', 'Connection: keep-alive\r\n', 'HTTP/1.0 ', 'HTTP/1.1 200 OK\r\n', 'HTTP/2.0 200 OK\r\n'],
  ...['HTTP/1.1 204 No\r\n\r\n', 'HTTP/1.1 101 S\r\nupgrade: x\r\n\r\n', 'HTTP/1.1 103 Early\r\n\r\n'.repeat(9)],
  ...['HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil'],
]
const ENDINGS = ['\n', '\r', '\n\n', '\r\r\n', ' \r\n', 'x\n', '']

/** Writes plans: answers as RFC 9112 has them, in every way to write one, and damaged ones. */
export class WirePlans {
  readonly #fuzz: Fuzz

  constructor(random: () => number) {
    this.#fuzz = new Fuzz(random)
  }

  /** An answer whose meaning is known. */
  valid(): Plan {
    const { method, text, end, meant } = this.#answer()
    const goesOn = end === 'stay' && this.#fuzz.chance(0.1)
    return { method, parts: this.#parts(text + (goesOn ? this.#fuzz.pick(PIECES) : '')), end, goesOn, meant }
  }

  /** What is left of one after a few mutations. It ends, since nobody knows when it would be complete. */
  damaged(): Plan {
    const fuzz = this.#fuzz
    const { method, text } = this.#answer()
    let bytes = text.slice(0, 200_000)
    for (let left = fuzz.below(4); left >= 0; left--) bytes = this.#mutated(bytes)
    return { method, parts: this.#parts(bytes), end: fuzz.chance(0.8) ? 'end!' : 'reset!', goesOn: true, meant: null }
  }

  #answer(): { method: Plan['method']; text: string; end: Plan['end']; meant: Meant } {
    const fuzz = this.#fuzz
    const method = fuzz.chance(0.9) ? 'GET' : 'HEAD'
    const status = fuzz.pick(STATUSES)
    const framing = fuzz.pick(['length', 'length', 'chunked', 'chunked', 'end'] as const)
    const minor = framing !== 'chunked' && fuzz.chance(0.2) ? 0 : 1
    const hasBody = method === 'GET' && status !== 204 && status !== 304
    const body = hasBody ? this.#body() : ''
    const fields = Array.from({ length: fuzz.below(4) }, () => [...fuzz.pick(FIELDS)])
    if (framing === 'length' && status !== 204) fields.push(['Content-Length', String(hasBody ? body.length : 5)])
    if (framing === 'chunked' && status !== 204) fields.push(['transfer-encoding', fuzz.pick(['chunked', 'Chunked'])])
    if (fuzz.chance(0.2)) fields.push(['Connection', fuzz.pick(['close', 'keep-alive', 'x, Close', 'Keep-Alive, x'])])
    let text = ''
    for (let left = fuzz.chance(0.2) ? fuzz.below(4) : 0; left > 0; left--) text += fuzz.pick(INTERIM)
    text += `HTTP/1.${minor} ${status}${fuzz.pick(REASONS)}\r\n`
    for (const [name, value] of fields) text += `${name}:${fuzz.pick(BLANKS)}${value}${fuzz.pick(['', ' '])}\r\n`
    text += '\r\n'
    if (hasBody) text += framing === 'chunked' ? this.#chunks(body) : body
    // A connection may always end behind an answer, and has to where nothing else says that this was all.
    const ends = (hasBody && framing === 'end') || fuzz.chance(0.15)
    return { method, text, end: ends ? 'end!' : 'stay', meant: { status, fields: fields.flat(), body } }
  }

  #body(): string {
    const fuzz = this.#fuzz
    const size = fuzz.below(fuzz.pick([2, 20, 300, 5_000, 70_000, fuzz.chance(0.5) ? 1_500_000 : 20_000]))
    const start = fuzz.below(1_000_000)
    let text = ''
    for (let at = start; text.length < size; at++) text += `${at.toString(36)}\r\n`
    return text.slice(0, size)
  }

  #chunks(body: string): string {
    const fuzz = this.#fuzz
    const most = fuzz.pick([3, 100, 10_000, 1_000_000].filter((size) => size * 300 > body.length))
    let text = ''
    for (let at = 0; at < body.length; ) {
      const size = Math.min(1 + fuzz.below(most), body.length - at)
      const digits = `${fuzz.pick(['', '', '00'])}${size.toString(16)}`
      text += `${fuzz.chance(0.5) ? digits : digits.toUpperCase()}${fuzz.pick(EXTENSIONS)}\r\n`
      text += `${body.slice(at, at + size)}\r\n`
      at += size
    }
    return `${text}${fuzz.pick(['0', '000'])}${fuzz.pick(EXTENSIONS)}\r\n${fuzz.pick(TRAILERS)}\r\n`
  }

  /** Mostly within and around the head, where most can go wrong. */
  #parts(text: string): Buffer[] {
    const fuzz = this.#fuzz
    const bytes = Buffer.from(text, 'latin1')
    if (bytes.length < 80 && fuzz.chance(0.2)) return Array.from(bytes, (byte) => Buffer.of(byte))
    const near = Math.min(bytes.length, bytes.indexOf('\r\n\r\n') + 40)
    const cuts = Array.from({ length: fuzz.below(5) }, () => fuzz.below(fuzz.chance(0.5) ? near : bytes.length))
    const edges = [0, ...cuts.toSorted((a, b) => a - b), bytes.length]
    return edges.slice(1).map((to, at) => bytes.subarray(edges[at], to))
  }

  #mutated(text: string): string {
    const fuzz = this.#fuzz
    const near = Math.min(text.length, text.indexOf('\r\n\r\n') + 40)
    const at = fuzz.below((fuzz.chance(0.7) ? near : text.length) + 1)
    const to = at + fuzz.below(fuzz.chance(0.8) ? 5 : 50)
    switch (
      fuzz.pick(['insert', 'insert', 'line', 'ending', 'byte', 'delete', 'repeat', 'truncate', 'append'] as const)
    ) {
      case 'insert':
        return text.slice(0, at) + fuzz.pick(PIECES) + text.slice(at)
      case 'line': {
        const line = text.indexOf('\r\n', at) + 2
        return line === 1 ? text : text.slice(0, line) + fuzz.pick(PIECES) + text.slice(line)
      }
      case 'ending': {
        const ending = text.indexOf('\r\n', at)
        return ending === -1 ? text : text.slice(0, ending) + fuzz.pick(ENDINGS) + text.slice(ending + 2)
      }
      case 'byte':
        return text.slice(0, at) + String.fromCharCode(fuzz.below(256)) + text.slice(at + 1)
      case 'delete':
        return text.slice(0, at) + text.slice(to)
      case 'repeat':
        return text.slice(0, to) + text.slice(at)
      case 'append':
        return text + fuzz.pick(PIECES)
      default:
        return text.slice(0, at)
    }
  }
}
