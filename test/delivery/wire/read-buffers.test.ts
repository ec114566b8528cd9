import t from 'tap'
import { ReadBuffers, spend } from '../../../src/delivery/wire/read-buffers.ts'

const MANY = Number.POSITIVE_INFINITY

t.test('all connections read heads into the same bytes, and what is kept of them is copied', async (t) => {
  const [a, b] = [new ReadBuffers(), new ReadBuffers()]
  const shared = a.shared()
  t.equal(b.shared(), shared)
  for (const size of [10, 5000]) {
    shared.fill('a')
    const kept = ReadBuffers.kept(a.taken(shared, shared.length), 3, 3 + size)
    shared.fill('b')
    t.equal(kept.toString(), 'a'.repeat(size))
    t.not(kept.buffer, shared.buffer)
  }
})

t.test('what was read into a slab is never written again', async (t) => {
  const buffers = new ReadBuffers()
  const taken: Buffer[] = []
  for (let read = 0; read < 40; read++) {
    const buffer = buffers.next(MANY)
    t.ok(buffer.length >= 16 * 1024)
    const length = Math.min(buffer.length, 1000 * (read + 1))
    taken.push(ReadBuffers.kept(buffers.taken(buffer.fill(read), length), 0, length))
  }
  for (const [read, bytes] of taken.entries()) t.ok(bytes.every((byte) => byte === read))
  t.ok(new Set(taken.map(({ buffer }) => buffer)).size < 20, 'several reads share a slab')
})

t.test('no more is allocated than is to come, and a byte that shows what should not', async (t) => {
  const buffers = new ReadBuffers()
  t.equal(buffers.next(1000).length, 1001)
  t.equal(new ReadBuffers().next(10_000_000).buffer.byteLength, 256 * 1024)
  t.equal(new ReadBuffers().next(MANY).buffer.byteLength, 16 * 1024, 'an answer without a length may be short')
})

t.test('what is left of a slab serves while it has room for what is to come', async (t) => {
  const buffers = new ReadBuffers()
  const first = buffers.next(300_000)
  buffers.taken(first, 250_000)
  t.not(buffers.next(50_000).buffer, first.buffer)
  const second = buffers.next(50_000)
  t.equal(second.length, 50_001)
  buffers.taken(second, 40_000)
  t.equal(buffers.next(10_000).buffer, second.buffer)
  buffers.shared()
  t.not(buffers.next(10_000).buffer, second.buffer, 'a connection that waits holds nothing')
})

t.test('a part of a slab is a view', async (t) => {
  const buffers = new ReadBuffers()
  const bytes = buffers.taken(buffers.next(100), 101)
  t.equal(ReadBuffers.kept(bytes, 0, 101), bytes)
  t.equal(ReadBuffers.kept(bytes, 1, 5).buffer, bytes.buffer)
})

/** Fills a slab with reads of these lengths, and leaves it. */
function fill(...lengths: number[]): Buffer[] {
  const buffers = new ReadBuffers()
  const read = lengths.map((length) => buffers.taken(buffers.next(10_000_000), length))
  buffers.shared()
  return read
}

t.test('a slab is read into again once all that was read into it is spent, and it was left', async (t) => {
  const [first, second] = fill(100_000, 50_000)
  t.equal(first!.buffer, second!.buffer)
  spend(first!)
  t.not(fill(1)[0]!.buffer, first!.buffer)
  spend(second!.subarray(10), 49_990)
  t.not(fill(1)[0]!.buffer, first!.buffer, 'ten bytes are still held')
  spend(second!, 10)
  t.equal(fill(1)[0]!.buffer, first!.buffer)
})

t.test('a slab that a connection still reads into is not given to another', async (t) => {
  const buffers = new ReadBuffers()
  const read = buffers.taken(buffers.next(10_000_000), 1000)
  spend(read)
  const [other] = fill(1)
  t.not(other!.buffer, read.buffer)
  buffers.shared()
  t.equal(fill(1)[0]!.buffer, read.buffer)
})

t.test('what is no part of a slab may be spent as well, and means nothing', async (t) => {
  const small = new ReadBuffers()
  for (const bytes of [Buffer.from('a'), small.taken(small.next(10), 11), small.shared()]) spend(bytes)
  small.shared()
  t.not(new ReadBuffers().next(10).buffer, small.next(10).buffer)
})

t.test('no more than a few slabs wait', async (t) => {
  const read = Array.from({ length: 100 }, () => fill(1000)[0]!)
  for (const bytes of read) spend(bytes)
  const known = new Set(read.map(({ buffer }) => buffer))
  const again = Array.from({ length: 100 }, () => fill(1)[0]!.buffer)
  t.equal(again.filter((buffer) => known.has(buffer)).length, 32)
})
