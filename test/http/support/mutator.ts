import { Fuzz } from './fuzz.ts'

/** Pieces that parsers stumble over. */
const PIECES = [
  ...[
    '\r',
    '\n',
    '\r\n',
    '\0',
    ' ',
    '\t',
    '\x0b',
    '\x7f',
    '\xff',
    ':',
    ';',
    ',',
    '"',
    '%',
    '/',
    '\\',
    '#',
    '@',
    '?',
    '*',
  ],
  ...[
    '%00',
    '%2e',
    '%2F',
    '..',
    '//',
    '0',
    '5',
    '+',
    '-',
    '0x',
    'GET ',
    'HTTP/1.1',
    'http://a',
    'Host: b\r\n',
    ' \r\n',
  ],
  ...['Content-Length: 5\r\n', 'Transfer-Encoding: chunked\r\n', 'Connection: close\r\n', 'Expect: 100-continue\r\n'],
  ...[
    'Connection: upgrade\r\nUpgrade: websocket\r\n',
    '0\r\n\r\n',
    '5\r\nhello\r\n',
    'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n',
  ],
]

/** Makes new bytes of known ones: cut, doubled, joined, with a piece too many. */
export class Mutator {
  readonly #fuzz: Fuzz
  readonly #corpus: readonly string[]

  constructor(random: () => number, corpus: readonly string[]) {
    this.#fuzz = new Fuzz(random)
    this.#corpus = corpus
  }

  /** What one connection sends, in latin1. */
  next(): string {
    const fuzz = this.#fuzz
    let text = fuzz.pick(this.#corpus)
    if (fuzz.chance(0.3)) text += fuzz.pick(this.#corpus)
    for (let left = fuzz.below(4); left > 0; left--) text = this.#change(text)
    return text.slice(0, 32_768)
  }

  #change(text: string): string {
    const fuzz = this.#fuzz
    const at = fuzz.below(text.length + 1)
    const before = text.slice(0, at)
    const length = fuzz.below(fuzz.chance(0.8) ? 4 : 40)
    switch (fuzz.below(6)) {
      case 0:
        return before + fuzz.pick(PIECES) + text.slice(at)
      case 1:
        return before + text.slice(at + 1 + length)
      case 2:
        return before + String.fromCharCode(fuzz.below(256)) + text.slice(at + 1)
      case 3:
        return before + text.slice(at, at + length).repeat(2) + text.slice(at + length)
      case 4:
        return this.#withLine(text)
      default: {
        const other = fuzz.pick(this.#corpus)
        return before + other.slice(fuzz.below(other.length + 1))
      }
    }
  }

  /** A line of another request between two of this one. */
  #withLine(text: string): string {
    const lines = text.split('\r\n')
    lines.splice(this.#fuzz.below(lines.length) + 1, 0, this.#fuzz.pick(this.#fuzz.pick(this.#corpus).split('\r\n')))
    return lines.join('\r\n')
  }
}
