import { generateKeyPair } from '@libp2p/crypto/keys'
import { createIPNSRecord, createIPNSRecordWithExpiration, marshalIPNSRecord } from 'ipns'
import { base32 } from 'multiformats/bases/base32'
import { base36 } from 'multiformats/bases/base36'
import t from 'tap'
import { parseIpnsName } from '../../../src/providers/ipfs/ipns-name.ts'
import { verifyIpnsRecord } from '../../../src/providers/ipfs/ipns-record.ts'

const VALUE = '/ipfs/bafybeihvvulpp4evxj7x7armbqcyg6uezzuig6jp3lktpbovlqfkuqeuoq'
const EXPIRES = '2030-01-02T03:04:05.678000000Z'
const NOW = Date.parse('2029-01-01T00:00:00Z')

const key = await generateKeyPair('Ed25519')
const other = await generateKeyPair('Ed25519')
const name = parseIpnsName(key.publicKey.toCID().toString(base36))

t.test('a real record is verified, under each spelling of its name', async (t) => {
  const record = marshalIPNSRecord(
    await createIPNSRecordWithExpiration(key, VALUE, 7, EXPIRES, { ttlNs: 60_000_000_000n }),
  )
  const cid = key.publicKey.toCID()
  for (const text of [cid.toString(base36), cid.toString(base32), key.publicKey.toString()]) {
    const parsed = parseIpnsName(text)
    t.equal(parsed.text, cid.toString(base36))
    const { value, ...rest } = verifyIpnsRecord(parsed, record, NOW)
    t.match(value, { kind: 'ipfs', path: '' })
    t.same(rest, { sequence: 7n, validUntil: Date.parse('2030-01-02T03:04:05.678Z'), ttl: 60_000 })
  }
})

t.test('a record of version 2 alone, to another name', async (t) => {
  const record = await createIPNSRecord(key, '/ipns/site.example/docs', 1n << 60n, 60_000, { v1Compatible: false })
  const { value, sequence } = verifyIpnsRecord(name, marshalIPNSRecord(record), 0)
  t.same(value, { kind: 'ipns', name: 'site.example', path: '/docs' })
  t.equal(sequence, 1n << 60n)
})

t.test('what is forged, expired or of version 1 is refused', async (t) => {
  const good = await createIPNSRecordWithExpiration(key, VALUE, 7, EXPIRES)
  const record = marshalIPNSRecord(good)
  const refused = (bytes: Uint8Array, fault: string, now = NOW, of = name) =>
    t.throws(() => verifyIpnsRecord(of, bytes, now), { name: 'ProofError', fault })
  refused(record, 'unproved', Date.parse('2030-01-02T03:04:05.678Z'))
  refused(record, 'corrupt', NOW, parseIpnsName(other.publicKey.toCID().toString(base36)))
  refused(marshalIPNSRecord({ ...good, signatureV2: good.signatureV2.map((byte) => byte ^ 1) }), 'corrupt')
  refused(marshalIPNSRecord({ ...good, value: '/ipfs/bafkqaaa' }), 'unproved')
  refused(marshalIPNSRecord(await createIPNSRecord(other, VALUE, 8, 1000)), 'corrupt')
  refused(record.subarray(0, -1), 'unproved')
  refused(new Uint8Array(10 * 1024 + 1), 'too-large')
  refused(new Uint8Array(0), 'unproved')
})

t.test('names that are no Ed25519 keys are refused', async (t) => {
  const secp256k1 = (await generateKeyPair('secp256k1')).publicKey.toCID().toString(base36)
  const names = [secp256k1, 'example.com', '', 'Qmah2YDTfrox4watLCr3YgKyBwvjq8FJZEFdWY6WtJ3Xt2', 'k51', '1'.repeat(500)]
  for (const text of names) t.throws(() => parseIpnsName(text), { name: 'ProofError', fault: 'unproved' }, text)
})
