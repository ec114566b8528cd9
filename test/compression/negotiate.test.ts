import t from 'tap'
import type { Encoding } from '../../src/compression/encoding.ts'
import { negotiate } from '../../src/compression/negotiate.ts'

const OURS = ['br', 'gzip'] as const

/** What a client sends, what it gets, and why. RFC 9110 section 12.5.3. */
const CASES: readonly (readonly [sent: string | null, got: Encoding | null, why: string])[] = [
  [null, null, 'who does not ask gets none'],
  ['', null, 'an empty field wants no coding'],
  ['gzip, deflate, br, zstd', 'br', 'of equals the first of ours'],
  ['gzip', 'gzip', 'the only one'],
  ['GZip', 'gzip', 'names are case-insensitive (section 8.4.1)'],
  ['x-gzip', 'gzip', 'another name of it (section 8.4.1.3)'],
  ['deflate', null, 'not one of ours'],
  ['br;q=0.5, gzip;q=0.8', 'gzip', 'the heavier one'],
  ['br;q=0.5,gzip;q=0.500', 'br', 'equal weights, written differently'],
  ['br;q=0, gzip', 'gzip', 'a weight of 0 is not acceptable'],
  ['br; q=0.000, gzip ; q=0', null, 'nothing is'],
  ['br\t;\tq=1', 'br', 'blanks may be tabs'],
  ['br;Q=0.1, gzip;q=0.2', 'gzip', 'the name of the weight is case-insensitive'],
  ['*', 'br', 'anything'],
  ['*;q=0', null, 'nothing at all'],
  ['gzip, *;q=0', 'gzip', 'nothing else'],
  ['br;q=0, *', 'gzip', 'anything else'],
  ['*;q=0.5, gzip', 'gzip', 'what is named outweighs the rest'],
  ['identity', null, 'no coding is wanted'],
  ['identity;q=1, br;q=0.5', null, 'no coding is wanted more'],
  ['identity;q=0.5, br;q=0.5', 'br', 'of equals the smaller bytes'],
  ['identity;q=0, gzip', 'gzip', 'a coding is wanted in any case'],
  ['identity;q=0', null, 'there is none to give'],
  ['br;q=2, gzip', 'gzip', 'a weight that is none is not acceptable'],
  ['br;q=0.1234, gzip;q=0.1', 'gzip', 'more than three digits are none'],
  ['br;q=-1', null, 'nor is what is less than nothing'],
  ['br;q=', null, 'nor is what is empty'],
  ['br;level=9', null, 'a parameter that has no meaning'],
  ['br;q=0, br', null, 'of two the first counts'],
  [', ,gzip,,', 'gzip', 'empty members do not count (section 5.6.1)'],
  [`${'a,'.repeat(5000)}br`, null, 'nobody means thousands'],
]

for (const [sent, got, why] of CASES) {
  t.test(`${sent?.slice(0, 40) ?? 'no field'}: ${why}`, async (t) => t.equal(negotiate(sent, OURS), got))
}

t.test('the order of the configuration decides among equals', async (t) => {
  t.equal(negotiate('gzip, br, zstd', ['zstd', 'br', 'gzip']), 'zstd')
  t.equal(negotiate('gzip, br, zstd', ['gzip', 'br']), 'gzip')
  t.equal(negotiate('gzip, br, zstd', []), null)
})
