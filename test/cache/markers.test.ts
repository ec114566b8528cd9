import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { Markers } from '../../src/cache/markers.ts'

t.test('a marker lasts until its time', (t) => {
  const markers = new Markers(10)
  markers.add('a', 20, 10)
  t.equal(markers.has('a', 19), true)
  t.equal(markers.has('b', 19), false)
  t.equal(markers.has('a', 20), false)
  t.equal(markers.size, 0)
  t.equal(markers.delete('a'), false)
  t.end()
})

t.test('the oldest make room, and what has ended goes when another comes', (t) => {
  const markers = new Markers(3)
  for (const key of ['a', 'b', 'c', 'd']) markers.add(key, 20, 10)
  t.same(
    ['a', 'b', 'c', 'd'].map((key) => markers.has(key, 10)),
    [false, true, true, true],
  )
  markers.add('b', 30, 10)
  markers.add('e', 40, 25)
  t.equal(markers.size, 2, 'b and e')
  t.equal(markers.delete('b'), true)
  t.end()
})

/** Bytes that are in use. */
function heap(): number {
  setFlagsFromString('--expose-gc')
  ;(runInNewContext('gc') as () => void)()
  return process.memoryUsage().heapUsed
}

t.test('long keys take no more room than short ones, and are told apart', (t) => {
  const markers = new Markers(20_000)
  const long = (at: number) => Buffer.alloc(8_000, 'x').toString('latin1') + at
  const before = heap()
  for (let at = 0; at < 20_000; at++) markers.add(long(at), 20, 10)
  t.ok(heap() - before < 40 * 2 ** 20, '160 MB of keys')
  t.equal(markers.has(long(19_999), 10), true)
  t.equal(markers.has(long(20_000), 10), false)
  t.equal(markers.delete(long(5)), true)
  t.equal(markers.has(long(5), 10), false)
  t.end()
})
