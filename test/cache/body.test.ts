import t from 'tap'
import { Body, type BodyReader } from '../../src/cache/body.ts'
import { seededRandom } from '../helpers/random.ts'
import { textOf } from './support/entry.ts'

const MIB = 2 ** 20

function read(reader: BodyReader | null): string {
  let text = ''
  for (;;) {
    const next = reader!.next(() => {})
    if (typeof next === 'string') return `${text}${next}`
    text += next.toString()
  }
}

t.test('many read while it comes, whenever they begin', async (t) => {
  const body = new Body()
  const early = textOf(body.reader()!)
  body.append(Buffer.from('one '))
  const halfway = body.reader()!
  t.equal(halfway.next(() => {})?.toString(), 'one ')
  const late = textOf(body.reader()!)
  body.append(Buffer.from('two '))
  const part = textOf(body.reader(2, 5)!)
  body.append(Buffer.from('three'))
  body.end()
  t.equal(await early, 'one two three')
  t.equal(await late, 'one two three')
  t.equal(await part, 'e tw')
  t.equal(read(halfway), 'two threeend', 'who reads keeps its place when the pieces become one')
  t.equal(await textOf(body.reader(4)!), 'two three')
  t.strictSame(body.slices({ first: 4, last: 6 }).map(String), ['two'])
  t.strictSame(body.slices({ first: 0, last: 12 }).length, 1, 'small bodies lie in one piece')
})

t.test('a reader that has all there is waits, and is called when there is more', async (t) => {
  const body = new Body()
  const reader = body.reader()!
  let calls = 0
  t.equal(
    reader.next(() => calls++),
    'wait',
  )
  body.append(Buffer.from('x'))
  t.equal(calls, 1)
  t.equal(read(reader), 'xwait')
  body.append(Buffer.alloc(0))
  body.end()
  t.equal(read(reader), 'end')
})

t.test('what fails is read up to there, and then throws', async (t) => {
  const body = new Body()
  const early = textOf(body.reader()!)
  body.append(Buffer.from('half'))
  body.fail(new Error('reset'))
  body.append(Buffer.from('more'))
  body.end()
  await t.rejects(early, { message: 'reset' })
  const reader = body.reader()!
  t.equal(String(reader.next(() => {})), 'half')
  t.throws(() => reader.next(() => {}), { message: 'reset' })
  t.equal(body.state, 'failed')
})

t.test('beyond its limit only what readers still need is kept, and the slowest holds the others', async (t) => {
  const body = new Body(10)
  const [fast, slow] = [body.reader()!, body.reader()!]
  t.ok(body.append(Buffer.alloc(8, 'a')))
  t.notOk(body.isOverLimit)
  body.append(Buffer.alloc(8, 'b'))
  t.ok(body.isOverLimit)
  t.equal(body.reader(), null, 'nobody new begins')
  t.notOk(body.append(Buffer.alloc(MIB, 'c')), 'the slow one is a MiB behind')
  let drained = 0
  body.onDrain(() => drained++)
  t.equal(read(fast).length, 16 + MIB + 'wait'.length)
  t.equal(drained, 0)
  t.equal(read(slow).length, 16 + MIB + 'wait'.length)
  t.equal(drained, 1)
  t.ok(body.append(Buffer.from('x')))
  slow.cancel()
  body.append(Buffer.from('y'))
  body.end()
  t.equal(read(fast), 'xyend')
})

t.test('a slow reader that goes away lets the others on', async (t) => {
  const body = new Body(1)
  const slow = body.reader()!
  let drained = 0
  body.onDrain(() => drained++)
  t.notOk(body.append(Buffer.alloc(MIB + 1)))
  slow.cancel()
  t.equal(drained, 1)
})

t.test('a small part of a large buffer is copied', async (t) => {
  const large = Buffer.alloc(65_536, 'x')
  const body = new Body()
  body.append(large.subarray(0, 3))
  large.fill('y')
  body.end()
  t.equal(await textOf(body.reader()!), 'xxx')
})

t.test('pieces of a few bytes are kept as large ones, whoever reads meanwhile', async (t) => {
  const random = seededRandom(20_261_128)
  for (const limit of [Number.POSITIVE_INFINITY, 300_000]) {
    const body = new Body(limit)
    const content: Buffer[] = []
    const readers = Array.from({ length: 4 }, () => ({ reader: body.reader()!, got: [] as Buffer[], over: false }))
    const readOn = ({ reader, got }: (typeof readers)[number]) => {
      const next = reader.next(() => {})
      if (typeof next !== 'string') got.push(next)
      return next
    }
    let small = 0
    for (let bytes = 0; bytes < 600_000; ) {
      const length = random() < 0.999 ? 1 + Math.floor(random() * 30) : 1 + Math.floor(random() * 40_000)
      const piece = Buffer.alloc(length, content.length % 251)
      if (length <= 30) small++
      content.push(piece)
      bytes += length
      body.append(piece)
      for (const each of readers) if (random() < 0.1) while (random() < 0.9 && readOn(each) !== 'wait');
    }
    const late = body.reader()
    body.end()
    t.ok(small > 10_000)
    for (const each of readers) {
      while (readOn(each) !== 'end');
      t.ok(Buffer.concat(each.got).equals(Buffer.concat(content)))
    }
    if (late === null) continue
    t.ok(Buffer.from(await textOf(late)).length > 0)
    const pieces = body.slices({ first: 0, last: body.bytes - 1 })
    t.ok(Buffer.concat(pieces).equals(Buffer.concat(content)))
    t.ok(pieces.length < small / 100, `${small} small pieces became ${pieces.length}`)
    const held = new Set(pieces.map(({ buffer }) => buffer))
    t.ok([...held].reduce((sum, { byteLength }) => sum + byteLength, 0) < 1.5 * body.bytes, 'blocks are filled')
  }
})

t.test('a small body is kept without the block that it came together in', async (t) => {
  const body = new Body()
  for (const text of 'small') body.append(Buffer.from(text))
  body.end()
  const [only, ...others] = body.slices({ first: 0, last: 4 })
  t.same([only!.toString(), others.length], ['small', 0])
  t.equal(only!.buffer, Buffer.from('x').buffer, 'it lies where Node has small buffers')
})
