/** Bytes that look like HTTP and mostly are not quite. `random` is uniform in [0, 1). */
export class Fuzz {
  readonly #random: () => number

  constructor(random: () => number) {
    this.#random = random
  }

  /** What one connection sends: a few messages, whole, cut or damaged. */
  connection(): Buffer {
    const count = this.chance(0.6) ? 1 : this.below(6) + 1
    let bytes: Buffer = Buffer.from(Array.from({ length: count }, () => this.#message()).join(''), 'latin1')
    if (this.chance(0.3)) bytes = this.#damaged(bytes)
    return this.chance(0.2) ? bytes.subarray(0, this.below(bytes.length)) : bytes
  }

  chance(probability: number): boolean {
    return this.#random() < probability
  }

  below(limit: number): number {
    return Math.floor(this.#random() * limit)
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!
  }

  #message(): string {
    const line = `${this.#mostly(METHODS)} ${this.#target()} ${this.#mostly(VERSIONS)}`
    const fields = Array.from({ length: this.below(3) }, () => this.#field())
    if (this.chance(0.97)) fields.push(`Host: ${this.#mostly(HOSTS)}`)
    const end = this.chance(0.97) ? '\r\n' : '\n'
    return `${[line, ...fields].join(end)}${end}${end}${this.chance(0.3) ? this.#content() : ''}`
  }

  #target(): string {
    if (this.chance(0.1)) return this.pick(TARGETS)
    return `/${Array.from({ length: this.below(5) }, () => this.#mostly(SEGMENTS)).join('/')}`
  }

  #field(): string {
    if (this.chance(0.9)) return this.#mostly(FIELDS)
    const text = (length: number) => String.fromCharCode(...Array.from({ length }, () => this.below(256)))
    return `${this.pick(NAMES)}:${text(this.below(30))}`
  }

  /** Something usual, or now and then something odd. */
  #mostly({ usual, odd }: Choice): string {
    return this.pick(this.chance(0.93) ? usual : odd)
  }

  #content(): string {
    return this.pick(CONTENTS)
  }

  #damaged(bytes: Buffer): Buffer {
    const copy = Buffer.from(bytes)
    for (let i = this.below(4); i >= 0; i--) copy[this.below(copy.length)] = this.below(256)
    return copy
  }
}

interface Choice {
  readonly usual: readonly string[]
  readonly odd: readonly string[]
}

const METHODS: Choice = {
  usual: ['GET', 'GET', 'GET', 'HEAD', 'POST', 'PUT', 'OPTIONS'],
  odd: ['TRACE', 'CONNECT', 'PURGE', 'FOO', 'get', ''],
}
const VERSIONS: Choice = {
  usual: ['HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0'],
  odd: ['HTTP/0.9', 'HTTP/2.0', 'HTTP/1.2', 'http/1.1', 'X', ''],
}
const HOSTS: Choice = {
  usual: ['a', 'a:80', 'A.', '[::1]'],
  odd: ['b:99999', 'u@a', 'a b', '', '\xff', 'a, b', '..'],
}
const TARGETS = ['*', '', '//', '/#', 'http://a/x', 'http://b', 'a:443', 'http://', 'ftp://a', `/${'a'.repeat(9000)}`]
const SEGMENTS: Choice = {
  usual: ['a', 'b;c=d', '..', '.', '%2e%2e', '%ff', '100%', '', '?', 'reset', 'cut'],
  odd: [' ', '\xff', '\\', '"', '\t', '\0', '#'],
}
const NAMES = ['X', 'Cookie', 'Range', 'Connection', 'Transfer-Encoding', 'Content-Length', 'Host', 'Expect', '', ' X']
const FIELDS: Choice = {
  usual: [
    'Connection: close',
    'Connection: keep-alive, x-a, host',
    'Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13',
    'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk',
    'Content-Length: 0',
    'Content-Length: 5',
    'Transfer-Encoding: chunked',
    'Expect: 100-continue',
    'Range: bytes=0-0',
    'X-Forwarded-For: 127.0.0.1, x, [::1',
    'Forwarded: for="[::1]";proto=https, for="',
    'CDN-Loop: other',
    'Polycdn-Debug: 1',
    'X-A: b',
  ],
  odd: [
    'Content-Length: 5, 5',
    'Content-Length: -1',
    'Content-Length: 99999999999999999999',
    'Transfer-Encoding: gzip, chunked',
    'Transfer-Encoding:\tchunked ',
    'Expect: x',
    'CDN-Loop: polycdn-test',
    ' folded',
    `X: ${'x'.repeat(20_000)}`,
  ],
}
const CONTENTS = [
  'hello',
  '5\r\nhello\r\n0\r\n\r\n',
  '5\r\nhel',
  'zz\r\n',
  '0\r\nX: y\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
]
