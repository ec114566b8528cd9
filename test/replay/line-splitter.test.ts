import t from 'tap'
import { LineSplitter } from '../../src/replay/line-splitter.ts'
import { seededRandom } from '../helpers/random.ts'

function split(chunks: readonly Buffer[], max = 10): (string | null)[] {
  const lines: (string | null)[] = []
  const splitter = new LineSplitter(max, (line) => lines.push(line))
  for (const chunk of chunks) splitter.push(chunk)
  splitter.end()
  return lines
}

t.test('lines are the same wherever chunks end', (t) => {
  const bytes = Buffer.from('a\n\nbc\r\n0123456789\n0123456789x\n\r\nää\n\nend')
  const expected = ['a', '', 'bc', '0123456789', null, '', 'ää', '', 'end']
  t.strictSame(split([bytes]), expected)
  t.strictSame(split([...bytes].map((byte) => Buffer.from([byte]))), expected)
  const random = seededRandom(1)
  for (let round = 0; round < 200; round++) {
    const chunks: Buffer[] = []
    for (let from = 0; from < bytes.length; ) {
      const to = from + Math.floor(random() * 15)
      chunks.push(bytes.subarray(from, to))
      from = to
    }
    t.strictSame(split(chunks), expected, `round ${round}`)
  }
  t.end()
})

t.test('a huge line, and bytes that are no text', (t) => {
  const huge = Array.from({ length: 1000 }, () => Buffer.alloc(1000, 'x'))
  t.strictSame(split([...huge, Buffer.from('\nshort')]), [null, 'short'])
  t.strictSame(split(huge), [null])
  t.strictSame(split([Buffer.from([0xff, 0xfe, 0, 10, 0xc3])]), ['\ufffd\ufffd\0', '\ufffd'])
  t.strictSame(split([]), [])
  t.end()
})
