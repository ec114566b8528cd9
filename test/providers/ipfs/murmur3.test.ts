import { murmur3128 } from '@multiformats/murmur3'
import t from 'tap'
import { murmur3x64 } from '../../../src/providers/ipfs/murmur3.ts'
import { noise } from './support/noise.ts'

t.test('every length gives what others compute', async (t) => {
  for (let length = 0; length < 70; length++) {
    const bytes = noise(length, length).fill(0xff, 0, length >> 1)
    const other = (await murmur3128.encode(bytes)).slice(0, 8)
    t.equal(murmur3x64(bytes).toString(16).padStart(16, '0'), Buffer.from(other).toString('hex'), `${length}`)
  }
})
