import t from 'tap'
import { fromBase64url, isTransactionId } from '../../../src/providers/arweave/base64url.ts'

t.test('reads what has one spelling, and nothing else', async (t) => {
  t.same(fromBase64url('', 4), Buffer.alloc(0))
  t.same(fromBase64url('_-8', 4), Buffer.from([0xff, 0xef]))
  for (const text of ['_-9', '_-8=', '/+8', 'A', 'AA A', 'AAAAAAAA', 'ÄÄ', null, 5, {}])
    t.equal(fromBase64url(text, 4), null)
})

t.test('an id is 32 bytes', async (t) => {
  t.ok(isTransactionId('A'.repeat(43)))
  for (const text of ['A'.repeat(42), 'A'.repeat(44), `${'A'.repeat(42)}B`, 'A'.repeat(10_000), undefined]) {
    t.notOk(isTransactionId(text))
  }
})
