import t from 'tap'
import { etagStrength } from '../../src/delivery/compare-etag.ts'

t.test('how strong an ETag is', async (t) => {
  const table = {
    '"v1"': 'strong',
    '""': 'strong',
    'W/"v1"': 'weak',
    'W/""': 'weak',
    'w/"v1"': 'invalid',
    v1: 'invalid',
    '"a"b"': 'invalid',
    '"a b"': 'invalid',
    '': 'invalid',
  }
  for (const [etag, strength] of Object.entries(table)) t.equal(etagStrength(etag), strength, etag)
  t.equal(etagStrength(null), 'none')
})
