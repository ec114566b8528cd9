import { Reader, type Response } from 'maxmind'
import t from 'tap'
import { buildMmdb } from '../../data/mmdb-build.ts'
import { leaf, NOTHING, NodeTable } from '../../data/mmdb-tree.ts'
import { uint } from '../../data/mmdb-value.ts'
import { encodeMmdb } from '../../data/mmdb-writer.ts'

t.test('what is written can be read, with either size of record', (t) => {
  const value = {
    text: 'Zürich',
    long: 'x'.repeat(300),
    longer: 'y'.repeat(70),
    number: -47.38,
    yes: true,
    no: false,
    list: ['text', 1.5, { deep: 'Zürich' }],
    zero: uint(32, 0),
    small: uint(16, 65_535),
    big: uint(64, 2 ** 40),
  }
  for (const recordSize of [24, 28] as const) {
    const bytes = buildMmdb(
      { '81.2.69.0/24': value, '2001:db8::/32': { other: 'v6' } },
      { recordSize, buildEpoch: 1e9 },
    )
    const reader = new Reader<Response>(bytes)
    const expected = { ...value, zero: 0, small: 65_535, big: BigInt(2 ** 40) }
    t.strictSame(reader.getWithPrefixLength('81.2.69.142'), [expected, 24])
    t.strictSame(reader.get('2001:db8::1'), { other: 'v6' })
    t.equal(reader.get('81.2.70.0'), null)
    t.equal(reader.metadata.buildEpoch.getTime(), 1e12)
    t.equal(reader.metadata.recordSize, recordSize)
    t.equal(reader.metadata.databaseType, 'test')
  }
  t.end()
})

t.test('longer networks lie over shorter ones', (t) => {
  const reader = new Reader<Response>(
    buildMmdb({ '10.1.0.0/16': { name: 'inner' }, '10.0.0.0/8': { name: 'outer' } }, { ipVersion: 4 }),
  )
  t.strictSame(reader.get('10.1.2.3'), { name: 'inner' })
  t.strictSame(reader.get('10.2.2.3'), { name: 'outer' })
  t.end()
})

t.test('many values need pointers and records of every length', (t) => {
  const networks: Record<string, { index: string; shared: string }> = {}
  for (let index = 0; index < 3000; index++) {
    networks[`10.${index >> 8}.${index & 255}.0/24`] = { index: `${index}`.padStart(40), shared: `s${index % 1500}` }
  }
  const reader = new Reader<Response>(buildMmdb(networks))
  for (const [network, value] of Object.entries(networks)) {
    t.strictSame(reader.get(network.replace('0/24', '7')), value)
  }
  t.end()
})

t.test('equal subtrees exist once', (t) => {
  const table = new NodeTable()
  t.equal(table.node(leaf(1), leaf(1)), leaf(1))
  const pair = table.node(leaf(1), leaf(2))
  t.equal(table.node(leaf(1), leaf(2)), pair)
  const root = table.node(pair, table.node(NOTHING, pair))
  t.equal(table.left.length, 3)
  const options = { ipVersion: 4, recordSize: 24, databaseType: '', description: '', buildEpoch: 0 } as const
  const reader = new Reader<Response>(encodeMmdb(table.tree(root), [{ a: 0.5 }, { a: 1.5 }, { a: 2.5 }], options))
  t.equal(reader.metadata.nodeCount, 3)
  t.strictSame(reader.get('0.0.0.0'), { a: 1.5 })
  t.strictSame(reader.get('64.0.0.0'), { a: 2.5 })
  t.equal(reader.get('128.0.0.0'), null)
  t.strictSame(reader.getWithPrefixLength('224.0.0.0'), [{ a: 2.5 }, 3])
  t.end()
})

t.test('a tree that the records cannot hold is refused', (t) => {
  const chain = { left: [2 ** 24], right: [0], root: 0 }
  const tree = { left: chain.left.map(() => leaf(0)), right: [leaf(1)], root: 0 }
  const huge = 'x'.repeat(65_000)
  const values = Array.from({ length: 300 }, (_, index) => `${index}${huge}`)
  tree.right[0] = leaf(299)
  const options = { ipVersion: 4, recordSize: 24, databaseType: '', description: '', buildEpoch: 0 } as const
  t.throws(() => encodeMmdb(tree, values, options), /24 bits/)
  t.doesNotThrow(() => encodeMmdb(tree, values, { ...options, recordSize: 28 }))
  t.end()
})
