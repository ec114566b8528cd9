import t from 'tap'
import { Body, type BodyReader } from '../../src/cache/body.ts'
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
  const late = textOf(body.reader()!)
  body.append(Buffer.from('two '))
  const part = textOf(body.reader(2, 5)!)
  body.append(Buffer.from('three'))
  const halfway = body.reader()!
  t.equal(halfway.next(() => {})?.toString(), 'one ')
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
