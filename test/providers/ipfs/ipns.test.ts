import { encode } from '@ipld/dag-cbor'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { base36 } from 'multiformats/bases/base36'
import t from 'tap'
import { askIpnsRecord } from '../../../src/providers/ipfs/ask-ipns.ts'
import { verifyIpnsRecord } from '../../../src/providers/ipfs/ipns.ts'
import { parseIpnsName } from '../../../src/providers/ipfs/ipns-name.ts'
import type { Ask, ProofFault, Reply } from '../../../src/providers/proof.ts'
import { CID, EOL, NOW, publisher } from './support.ts'

const owner = await publisher()
const other = await publisher()
const name = parseIpnsName(owner.name)!
const refusal = (fault: ProofFault) => ({ name: 'ProofError', fault })
const check = (bytes: Uint8Array, now = NOW) => verifyIpnsRecord(name, bytes, now)

t.test('a record of the IPFS project is verified, with signatures of version 1 or without', async (t) => {
  for (const v1Compatible of [true, false]) {
    const record = check(await owner.record({ sequence: 7, ttl: 60, v1Compatible }))
    t.same(record, {
      value: { space: 'ipfs', cid: CID, path: '' },
      sequence: 7n,
      validUntil: Date.parse('2027-01-01T00:00:00Z'),
      ttl: 60_000,
    })
  }
  const large = check(await owner.record({ sequence: 2n ** 64n - 1n, value: `/ipns/${other.peerId}/a b%20` }))
  t.equal(large.sequence, 2n ** 64n - 1n)
  t.same(large.value, { space: 'ipns', kind: 'ipns', name: other.name, path: '/a%20b%2520' })
  t.equal(check(await owner.record({ value: '/ipns/Docs.Example.com' })).value.space, 'ipns')
})

t.test('no byte of it may be another', async (t) => {
  const record = await owner.record({ v1Compatible: false })
  let accepted = 0
  for (let at = 0; at < record.length; at++) {
    const flipped = Buffer.from(record)
    flipped[at]! ^= 1
    try {
      check(flipped)
      accepted++
    } catch (error) {
      if ((error as { fault?: string }).fault !== 'corrupt') t.fail(`byte ${at}: ${error}`)
    }
  }
  t.equal(accepted, 0)
  for (let length = 0; length < record.length; length++) {
    t.throws(() => check(record.subarray(0, length)), refusal('corrupt'), `${length} bytes`)
  }
})

t.test('it counts only for the name that it was signed for, and until it ends', async (t) => {
  const record = await owner.record()
  t.throws(() => verifyIpnsRecord(parseIpnsName(other.name)!, record, NOW), refusal('corrupt'))
  t.ok(check(record, Date.parse(EOL)))
  t.throws(() => check(record, Date.parse(EOL) + 1), refusal('outdated'))
})

t.test('what is signed, and no good all the same, is refused, and no lie of who passes it on', async (t) => {
  const whole = { Sequence: 1, TTL: 1, Validity: Buffer.from(EOL), ValidityType: 0, Value: Buffer.from(`/ipfs/${CID}`) }
  t.ok(check(await signed(encode(whole))))
  const wrong: Record<string, Uint8Array> = {
    'no CBOR': Buffer.from('hello'),
    null: encode(null),
    'a list': encode([1, 2]),
    'no sequence': encode({ ...whole, Sequence: 'x' }),
    'a negative sequence': encode({ ...whole, Sequence: -1 }),
    'a fraction': encode({ ...whole, TTL: 1.5 }),
    'another validity type': encode({ ...whole, ValidityType: 1 }),
    'no time': encode({ ...whole, Validity: Buffer.from('tomorrow') }),
    'a day that is none': encode({ ...whole, Validity: Buffer.from('2027-13-01T00:00:00Z') }),
    'a text as value': encode({ ...whole, Value: `/ipfs/${CID}` }),
  }
  for (const [why, data] of Object.entries(wrong)) {
    const record = await signed(data)
    t.throws(() => check(record), refusal('unproved'), why)
  }
  for (const value of ['/ipfs/nonsense', '/etc/passwd', '', `/ipfs/${CID}/../..`, `/ipfs/${CID}/\n`]) {
    const record = await signed(encode({ ...whole, Value: Buffer.from(value) }))
    t.throws(() => check(record), refusal('unproved'), value)
  }
  const v1 = await signed(encode(whole), [field(1, Buffer.from('/ipfs/bafkqaaa'))])
  t.throws(() => check(v1), refusal('corrupt'), 'a copy for version 1 that says something else')
  const huge = await owner.record({ value: `/ipfs/${CID}/${'x'.repeat(11_000)}` })
  t.throws(() => check(huge), refusal('too-large'))
})

t.test('other fields of the protobuf are passed over, and what is no protobuf is refused', async (t) => {
  const record = await owner.record()
  const more = [
    Buffer.from('5001', 'hex'),
    Buffer.from('59'.concat('00'.repeat(8)), 'hex'),
    Buffer.from('5d00000000', 'hex'),
  ]
  t.ok(check(Buffer.concat([record, ...more, field(12, Buffer.from('x'))])))
  for (const hex of ['00', '57', '50', '5a', '5aff', `50${'ff'.repeat(10)}01`, '5a'.concat('ff'.repeat(9), '01')]) {
    t.throws(() => check(Buffer.concat([record, Buffer.from(hex, 'hex')])), refusal('corrupt'), hex)
  }
})

t.test('a name has several spellings, and is one; a name that is but a hash of its key is none', async (t) => {
  for (const text of [owner.name, owner.peerId, owner.key.publicKey.toCID().toString()]) {
    t.equal(parseIpnsName(text)?.text, owner.name, text)
  }
  const rsa = await generateKeyPair('RSA', 2048)
  const short = owner.name.slice(0, -1)
  for (const text of [
    rsa.publicKey.toCID().toString(base36),
    rsa.publicKey.toString(),
    CID,
    short,
    '',
    'k',
    '1',
    '1'.repeat(200),
  ]) {
    t.equal(parseIpnsName(text), null, text)
  }
})

t.test('an endpoint is asked for the record, and what is none is told apart', async (t) => {
  const asked: Ask[] = []
  const answer = (status: number, type: string | null, body: Buffer[]): Promise<Buffer> =>
    askIpnsRecord(
      {
        key: 'a',
        ask: async (ask) => {
          asked.push(ask)
          return { status, header: (field) => (field === 'content-type' ? type : null), body: each(body) } as Reply
        },
      },
      name,
    )
  const record = await owner.record()
  const type = 'application/vnd.ipfs.ipns-record'
  t.same(await answer(200, `${type}; charset=x`, [record.subarray(0, 9), record.subarray(9)]), record)
  t.same(asked, [{ path: `/ipns/${owner.name}?format=ipns-record`, accept: type }])
  await t.rejects(answer(200, 'text/html', [Buffer.from('<p>')]), refusal('unproved'))
  await t.rejects(answer(200, null, []), refusal('unproved'))
  await t.rejects(answer(302, type, []), refusal('unproved'))
  await t.rejects(answer(404, type, []), refusal('not-found'))
  await t.rejects(answer(451, type, []), refusal('blocked'))
  await t.rejects(answer(502, type, []), { name: 'UpstreamStatus', status: 502 })
  const endless = Array.from({ length: 1000 }, () => Buffer.alloc(1024))
  await t.rejects(answer(200, type, endless), refusal('too-large'))
  t.ok(endless.length > 900, 'and is not read to its end')
})

async function* each(chunks: Buffer[]) {
  for (let next = chunks.shift(); next !== undefined; next = chunks.shift()) yield next
}

async function signed(data: Uint8Array, more: readonly Buffer[] = []): Promise<Buffer> {
  const signature = await owner.key.sign(Buffer.concat([Buffer.from('ipns-signature:'), data]))
  return Buffer.concat([...more, field(8, Buffer.from(signature)), field(9, Buffer.from(data))])
}

function field(number: number, value: Buffer): Buffer {
  return Buffer.concat([Buffer.from([number * 8 + 2, (value.length & 0x7f) | 0x80, value.length >> 7]), value])
}
