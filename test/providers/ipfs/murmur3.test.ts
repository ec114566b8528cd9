import t from 'tap'
import { murmur3x64 } from '../../../src/providers/ipfs/murmur3.ts'

/** The first half of MurmurHash3 x64 128 as @multiformats/murmur3 computes it: each length of the last block. */
const VECTORS: readonly (readonly [text: string, hex: string])[] = [
  ['', '0000000000000000'],
  ['a', '85555565f6597889'],
  ['seven77', '67a593d181c4c7dd'],
  ['eight888', '245269d21d897b21'],
  ['fifteen-letters', 'd33521f49f2baca9'],
  ['sixteen--letters', '81b6eebe2af7a8e5'],
  ['seventeen-letters', '4952a6ab688f8b37'],
  ['häuser/ü.txt', '872080b02f889683'],
  ['x'.repeat(33), 'b73a0f22cbd8f47d'],
  ['y'.repeat(255), 'e29388d864e43cef'],
]

t.test('the hash is the one that sharded directories are built with', async (t) => {
  for (const [text, hex] of VECTORS) {
    t.equal(murmur3x64(Buffer.from(text)).toString(16).padStart(16, '0'), hex, text)
  }
})
