import t from 'tap'
import { ChunkReader } from '../../../src/delivery/wire/chunks.ts'
import { MAX_HEADER_SIZE } from '../../../src/delivery/wire/head-parser.ts'
import { seededRandom } from '../../helpers/random.ts'

interface Read {
  readonly content: string
  readonly end: 'more' | 'done' | 'bad'
  readonly rest: string
}

/** @param cuts where the bytes are cut, in ascending order */
function read(text: string, cuts: readonly number[] = []): Read {
  const reader = new ChunkReader()
  let content = ''
  const places = [0, ...cuts, text.length]
  for (let part = 0; part + 1 < places.length; part++) {
    const bytes = Buffer.from(text.slice(places[part], places[part + 1]), 'latin1')
    for (let at = 0; ; at = reader.to) {
      const found = reader.next(bytes, at)
      if (found === 'data') content += bytes.toString('latin1', reader.from, reader.to)
      else if (found === 'more') break
      else return { content, end: found, rest: text.slice(places[part]! + reader.to) }
    }
  }
  return { content, end: 'more', rest: '' }
}

const GOOD: readonly (readonly [text: string, content: string])[] = [
  ['0\r\n\r\n', ''],
  ['2\r\nok\r\n0\r\n\r\n', 'ok'],
  ['0000000000000000000000002\r\nok\r\n000\r\n\r\n', 'ok'],
  ['a\r\n0123456789\r\nC\r\n012345678901\r\n0\r\n\r\n', '0123456789012345678901'],
  ['2\r\n\r\n\r\n0\r\n\r\n', '\r\n'],
  ['2;a\r\nok\r\n0;b=c;d\r\n\r\n', 'ok'],
  ['2;a="b;\\"\r"\r\nok\r\n0\r\n\r\n'.replace('\r"', '"'), 'ok'],
  ['2\r\nok\r\n0\r\nX-A: 1\r\nx-b:\r\n\r\n', 'ok'],
]

t.test('chunks, cut anywhere', async (t) => {
  for (const [text, content] of GOOD) {
    for (let cut = 0; cut <= text.length; cut++) {
      t.same(read(`${text}rest`, [cut]), { content, end: 'done', rest: 'rest' }, `${JSON.stringify(text)} at ${cut}`)
      if (cut < text.length) t.equal(read(text.slice(0, cut)).end, 'more')
    }
    const everywhere = Array.from({ length: text.length }, (_, at) => at)
    t.same(read(`${text}rest`, everywhere), { content, end: 'done', rest: 'rest' })
  }
})

const BAD = [
  '\r\n',
  ' 2\r\n',
  '2 \r\n',
  '+2\r\n',
  '-2\r\n',
  '0x2\r\n',
  'g\r\n',
  '2\n',
  '2\rX',
  '20000000000000\r\n',
  '2\r\nokX',
  '2\r\nok\n',
  '2\r\nok\rX',
  '2;\r\n',
  '2;a\n',
  '2;a\rb\r\n',
  '2; a\r\n',
  '2;a="b\r\n',
  '2;a="\x00"\r\n',
  '0\r\nX y: 1\r\n',
  '0\r\n x: 1\r\n',
  '0\r\nx\r\n',
  '0\r\nx: \x00\r\n',
  '0\r\nx: 1\n',
  '0\r\nContent-Length: 1\r\n',
  '0\r\ntransfer-encoding: chunked\r\n',
]

t.test('what is no chunk', async (t) => {
  for (const text of BAD) {
    const everywhere = Array.from({ length: text.length }, (_, at) => at)
    for (const cuts of [[], everywhere]) t.equal(read(text, cuts).end, 'bad', JSON.stringify(text))
  }
})

t.test('extensions and trailers have a bound, whether or not their lines end', async (t) => {
  for (const end of ['', '\r\n']) {
    t.equal(read(`2;a=${'x'.repeat(5000)}${end}`).end, 'bad')
    t.equal(read(`0\r\nx: ${'x'.repeat(MAX_HEADER_SIZE)}${end}`).end, 'bad')
  }
  t.equal(read(`0\r\n${'x: 1\r\n'.repeat(MAX_HEADER_SIZE / 4)}`).end, 'bad')
  t.equal(read(`1;a=${'x'.repeat(4000)}\r\n`.concat('y\r\n').repeat(20)).end, 'more')
})

t.test('damaged at random, an answer is read in the same way wherever it is cut', async (t) => {
  const random = seededRandom(1)
  const below = (limit: number) => Math.floor(random() * limit)
  const odd = ['\r', '\n', '\r\n', ';', '0', 'f', ' ', '\x00', '"', ':', '0\r\n\r\n']
  for (let round = 0; round < 3000; round++) {
    let text = `${GOOD[below(GOOD.length)]![0]}tail`
    for (let damage = below(3); damage > 0; damage--) {
      const at = below(text.length + 1)
      text = text.slice(0, at) + odd[below(odd.length)] + text.slice(at + below(3))
    }
    const cuts = Array.from({ length: below(6) }, () => below(text.length + 1)).sort((a, b) => a - b)
    const [whole, inParts] = [read(text), read(text, cuts)]
    if (
      JSON.stringify({ ...whole, rest: whole.end === 'bad' ? '' : whole.rest }) ===
      JSON.stringify({ ...inParts, rest: inParts.end === 'bad' ? '' : inParts.rest })
    )
      continue
    t.same(inParts, whole, `${JSON.stringify(text)} at ${cuts}`)
  }
})
