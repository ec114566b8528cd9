import t from 'tap'
import { Remembered } from '../../src/replay/remembered.ts'

t.test('is always right, and reads what comes again only once', (t) => {
  let reads = 0
  const lengths = new Remembered(4, (text) => {
    reads++
    return text.length === 0 ? null : text.length
  })
  for (let round = 0; round < 3; round++) {
    for (const text of ['', 'a', '__proto__']) t.equal(lengths.get(text), text.length || null)
  }
  t.equal(reads, 3)
  // Many more texts than places.
  for (let at = 0; at < 1000; at++) t.equal(lengths.get('x'.repeat(at)), at || null)
  t.end()
})
