import { base36 } from 'multiformats/bases/base36'
import { base58btc } from 'multiformats/bases/base58'
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import t from 'tap'
import { canonicalCid, MAX_IDENTITY, parseCid } from '../../../src/providers/ipfs/cid.ts'

const V0 = 'QmesfgDQ3q6prBy2Kg2gKbW4MAGuWiRP2DVuGA5MZSERLo'

t.test('one content has one canonical spelling', async (t) => {
  const v1 = CID.parse(V0).toV1()
  for (const text of [V0, v1.toString(), v1.toString(base36), v1.toString(base58btc)]) {
    t.equal(canonicalCid(parseCid(text)), v1.toString())
  }
})

t.test('what cannot be proved or read is refused', async (t) => {
  const of = (codec: number, hash: number, bytes: number) => CID.createV1(codec, create(hash, new Uint8Array(bytes)))
  t.ok(parseCid(of(0x55, 0x00, MAX_IDENTITY).toString()))
  const bad = [
    of(0x71, 0x12, 32),
    of(0x55, 0x11, 20),
    of(0x55, 0x12, 20),
    of(0x55, 0x1e, 64),
    of(0x55, 0x13, 32),
    of(0x55, 0x00, MAX_IDENTITY + 1),
  ].map(String)
  for (const text of [...bad, '', 'Qm', 'zzz', 'f0155', `${V0}x`, `b${'a'.repeat(10_000)}`, '\0', 'ü']) {
    t.throws(() => parseCid(text), { name: 'ProofError', fault: 'unproved' }, text.slice(0, 80))
  }
})
