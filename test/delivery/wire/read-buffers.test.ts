import t from 'tap'
import { ReadBuffers } from '../../../src/delivery/wire/read-buffers.ts'

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
