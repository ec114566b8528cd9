import t from 'tap'
import { HeadParser, MAX_HEADER_SIZE, type ParsedHead } from '../../../src/delivery/wire/head-parser.ts'

const OK = 'HTTP/1.1 200 OK\r\n'

/** The bytes in parts of this length, each in the same buffer, which is overwritten by the next. */
function parse(text: string, length = text.length): { readonly found: ParsedHead; readonly rest: string } {
  const parser = new HeadParser()
  const bytes = Buffer.from(text, 'latin1')
  const buffer = Buffer.alloc(Math.min(length, bytes.length) + 1)
  for (let at = 0; at < bytes.length; at += length) {
    buffer.fill('#')
    const size = bytes.copy(buffer, 1, at, at + length)
    const found = parser.feed(buffer.subarray(0, 1 + size), 1)
    if (found === 'more') continue
    const rest = found === 'bad' ? '' : text.slice(at + parser.end - 1)
    buffer.fill('#')
    return { found, rest }
  }
  return { found: 'more', rest: '' }
}

function shown(found: ParsedHead): unknown {
  return typeof found === 'string' ? found : [found.status, found.minor, ...found.rawHeaders.map(String)]
}

const HEADS: readonly (readonly [text: string, expected: unknown])[] = [
  [`${OK}\r\n`, [200, 1]],
  ['HTTP/1.0 404 \r\n\r\n', [404, 0]],
  ['HTTP/1.1 200\r\n\r\n', [200, 1]],
  ['HTTP/1.1 599 a reason, with \x01 \x00\r\n\r\n', [599, 1]],
  [`${OK}A:b\r\nc-d: \t e f\t \r\nG:\r\nH: \t\r\n\r\n`, [200, 1, 'A', 'b', 'c-d', 'e f', 'G', '', 'H', '']],
  [`${OK}a: b:c\r\n\r\n`, [200, 1, 'a', 'b:c']],
]

t.test('heads, in as many parts as they come', async (t) => {
  for (const [text, expected] of HEADS) {
    for (let length = 1; length <= text.length + 4; length++) {
      const { found, rest } = parse(`${text}body`, length)
      t.same([shown(found), rest], [expected, 'body'], `${JSON.stringify(text)} by ${length}`)
    }
    for (let cut = 0; cut < text.length; cut++) t.equal(parse(text.slice(0, cut)).found, 'more')
  }
})

t.test('one parser reads one head after another', async (t) => {
  const parser = new HeadParser()
  const bytes = Buffer.from(`HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n${OK}a: b\r\n\r\n`)
  t.same(shown(parser.feed(bytes, 0)), [103, 1, 'link', 'x'])
  t.same(shown(parser.feed(bytes, parser.end)), [200, 1, 'a', 'b'])
  t.equal(parser.end, bytes.length)
})

const BAD = [
  'HTTP/2.0 200 OK\r\n',
  'HTTP/1.2 200 OK\r\n',
  'HTTP/1.11 200 OK\r\n',
  'http/1.1 200 OK\r\n',
  'HTTP/1.1 20 OK\r\n',
  'HTTP/1.1 2000 OK\r\n',
  'HTTP/1.1 099 OK\r\n',
  'HTTP/1.1  200 OK\r\n',
  'HTTP/1.1\t200 OK\r\n',
  'HTTP/1.1 200\tOK\r\n',
  'HTTP/1.1 2\r\n',
  ' HTTP/1.1 200 OK\r\n',
  '\r\nHTTP/1.1 200 OK\r\n',
  '\n',
  'HTTP/1.1 200 OK\n',
  'HTTP/1.1 200 O\rK\r\n',
  `${OK}a : b\r\n`,
  `${OK} a: b\r\n`,
  `${OK}a: b\r\n c\r\n`,
  `${OK}a: b\r\n\tc\r\n`,
  `${OK}: b\r\n`,
  `${OK}ab\r\nc: d\r\n`,
  `${OK}a\xffb: c\r\n`,
  `${OK}a(b: c\r\n`,
  `${OK}a: b\x00c\r\n`,
  `${OK}a: b\x7fc\r\n`,
  `${OK}a: b\rc\r\n`,
  `${OK}a: b\r\r\n`,
  `${OK}a: b\nc: d\r\n`,
  `${OK}a: b\r\n\n`,
  'SSH-2.0',
  '\x16\x03\x01',
]

t.test('what is no head is refused as soon as a line shows it', async (t) => {
  for (const text of BAD) {
    for (const length of [1, 2, 3, text.length]) t.equal(parse(text, length).found, 'bad', JSON.stringify(text))
  }
})

t.test('a head is at most 64 KiB, in lines or not', async (t) => {
  const filled = (size: number) => `${OK}a: ${'x'.repeat(size - OK.length - 7)}\r\n\r\n`
  for (const length of [1000, 16 * 1024, MAX_HEADER_SIZE * 2]) {
    t.equal(parse(filled(MAX_HEADER_SIZE), length).found instanceof Object, true)
    t.equal(parse(filled(MAX_HEADER_SIZE + 1), length).found, 'bad')
    t.equal(parse(OK + 'x'.repeat(MAX_HEADER_SIZE), length).found, 'bad')
    t.equal(parse(OK + 'x:\r\n'.repeat(MAX_HEADER_SIZE / 4), length).found, 'bad')
  }
})
