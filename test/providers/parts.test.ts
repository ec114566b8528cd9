import { randomBytes } from 'node:crypto'
import t from 'tap'
import { Parts } from '../../src/providers/parts.ts'

t.test('what comes byte by byte is kept in few pieces, and what comes in large ones as it is', async (t) => {
  const bytes = randomBytes(100_000)
  const parts = new Parts()
  const large = randomBytes(5000)
  for (let at = 0; at < bytes.length; at++) {
    parts.add(bytes.subarray(at, at + 1))
    if (at === 50_000) parts.add(large)
  }
  t.ok(parts.all.length < 1000, `${parts.all.length} pieces`)
  t.ok(parts.all.includes(large))
  t.ok(Buffer.concat(parts.all).equals(Buffer.concat([bytes.subarray(0, 50_001), large, bytes.subarray(50_001)])))
})
