import t from 'tap'
import { provedTransaction, tagValue } from '../../../src/providers/arweave/transaction.ts'
import { ProofError } from '../../../src/providers/proof.ts'
import { arweaveTransaction } from '../../helpers/arweave-transaction.ts'
import { seededRandom } from '../../helpers/random.ts'
import { bytesOf, faultOf } from './support.ts'

const stored = await arweaveTransaction(bytesOf(1000), { 'Content-Type': 'text/plain', 'App-Name': 'Prüfung' })
const { id, header } = stored
const prove = (fields: Readonly<Record<string, unknown>>) => () => provedTransaction(id, { ...header, ...fields })

t.test('a header is proved by its id', async (t) => {
  const { dataRoot, dataSize, tags } = provedTransaction(id, header)
  t.same(dataRoot, stored.root)
  t.equal(dataSize, 1000)
  t.same(tags, [
    { name: 'Content-Type', value: 'text/plain' },
    { name: 'App-Name', value: 'Prüfung' },
  ])
})

t.test('tags are found by their names in any case, the first one counts', async (t) => {
  const tags = { 'content-TYPE': 'a/b', 'Content-Type': 'c/d' }
  const other = await arweaveTransaction(bytesOf(10), tags)
  const transaction = provedTransaction(other.id, other.header)
  t.equal(tagValue(transaction, 'content-type'), 'a/b')
  t.equal(tagValue(transaction, 'content-encoding'), null)
})

t.test('every field that is signed is held to its signature', async (t) => {
  const other = await arweaveTransaction(bytesOf(1000, 1))
  const lies: Readonly<Record<string, unknown>> = {
    data_root: other.header.data_root,
    data_size: '1001',
    tags: [],
    quantity: '1',
    reward: '2',
    target: 'A'.repeat(43),
    last_tx: 'A'.repeat(43),
    owner: Buffer.alloc(512, 0xa5).toString('base64url'),
    denomination: '1',
  }
  for (const [field, value] of Object.entries(lies)) t.equal(await faultOf(prove({ [field]: value })), 'corrupt', field)
  t.equal(await faultOf(() => provedTransaction(id, other.header)), 'corrupt', 'another transaction')
  t.equal(await faultOf(prove({ signature: 'AAAA' })), 'corrupt', 'another signature')
})

t.test('what is not signed has no say', async (t) => {
  t.equal(await faultOf(prove({ id: 'x', data: 'AAAA', extra: 1, denomination: '0' })), 'none')
})

t.test('what cannot be proved is refused as such', async (t) => {
  t.equal(await faultOf(prove({ format: 1 })), 'unproved')
  t.equal(await faultOf(prove({ format: '2' })), 'unproved')
  t.equal(await faultOf(prove({ owner: '' })), 'unproved', 'a key of secp256k1')
})

t.test('a field that is not of its form is refused', async (t) => {
  const wrong: readonly (readonly [string, unknown])[] = [
    ['signature', null],
    ['signature', 'A'.repeat(10_000)],
    ['owner', `${header.owner}=`],
    ['owner', 5],
    ['data_root', 'A'.repeat(44)],
    ['data_size', 1000],
    ['data_size', '01000'],
    ['data_size', '-1'],
    ['data_size', '9'.repeat(40)],
    ['quantity', ''],
    ['tags', null],
    ['tags', {}],
    ['tags', [null]],
    ['tags', [{ name: 'AA' }]],
    ['tags', [{ name: '+/', value: 'AA' }]],
  ]
  for (const [field, value] of wrong) t.equal(await faultOf(prove({ [field]: value })), 'unproved', field)
})

t.test('headers that are damaged at random are refused, or are as they were', async (t) => {
  const random = seededRandom(11)
  const text = JSON.stringify(header)
  const proved = provedTransaction(id, header)
  for (let round = 0; round < 400; round++) {
    const at = Math.floor(random() * text.length)
    const damaged = text.slice(0, at) + String.fromCharCode(33 + random() * 90) + text.slice(at + 1)
    let fields: Record<string, unknown>
    try {
      fields = JSON.parse(damaged)
    } catch {
      continue
    }
    try {
      t.same(provedTransaction(id, fields), proved, damaged)
    } catch (error) {
      if (!(error instanceof ProofError)) throw error
    }
  }
})
