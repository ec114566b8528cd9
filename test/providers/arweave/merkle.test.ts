import { hash } from 'node:crypto'
import t from 'tap'
import { MAX_CHUNK, provedLeaf } from '../../../src/providers/arweave/merkle.ts'
import { ProofError } from '../../../src/providers/proof.ts'
import { arweaveTransaction } from '../../helpers/arweave-transaction.ts'
import { seededRandom } from '../../helpers/random.ts'
import { bytesOf, faultOf, KIB } from './support.ts'

const sha256 = (...parts: readonly Uint8Array[]) => hash('sha256', Buffer.concat(parts), 'buffer')

const note = (offset: number) => {
  const bytes = Buffer.alloc(32)
  bytes.writeBigUInt64BE(BigInt(offset), 24)
  return bytes
}

/** A tree of the test's own: leaves as `[end]`, and what a node is told to say. */
type Tree = { readonly id: Buffer; readonly paths: readonly Buffer[] }

const leaf = (end: number, name: string): Tree => {
  const dataHash = sha256(Buffer.from(name))
  return { id: sha256(sha256(dataHash), sha256(note(end))), paths: [Buffer.concat([dataHash, note(end)])] }
}

const branch = (left: Tree, at: number, right: Tree): Tree => {
  const parts = Buffer.concat([left.id, right.id, note(at)])
  return {
    id: sha256(sha256(left.id), sha256(right.id), sha256(note(at))),
    paths: [...left.paths, ...right.paths].map((path) => Buffer.concat([parts, path])),
  }
}

for (const size of [1, MAX_CHUNK - 1, MAX_CHUNK, MAX_CHUNK + 1, 2 * MAX_CHUNK + 5 * KIB, 13 * MAX_CHUNK + 7]) {
  t.test(`every chunk of ${size} bytes is proved, at its first and its last byte`, async (t) => {
    const { root, chunks, data } = await arweaveTransaction(bytesOf(size))
    for (const { start, end, path } of chunks) {
      for (const at of [start, end - 1]) {
        const dataHash = sha256(data.subarray(start, end))
        t.same(provedLeaf(root, size, at, path), { start, end, dataHash })
      }
      // The bytes next to it are not its own: a path to one chunk is none to another.
      if (start > 0) t.equal(await faultOf(() => provedLeaf(root, size, start - 1, path)), 'corrupt')
      if (end < size) t.equal(await faultOf(() => provedLeaf(root, size, end, path)), 'corrupt')
    }
  })
}

t.test('a tree that another size was signed for is not proved', async (t) => {
  const size = 3 * MAX_CHUNK + 9
  const { root, chunks } = await arweaveTransaction(bytesOf(size))
  const { path } = chunks.at(-1)!
  t.equal(await faultOf(() => provedLeaf(root, size + 1, size - 1, path)), 'unproved')
  t.equal(await faultOf(() => provedLeaf(root, size - 1, size - 2, path)), 'unproved')
})

t.test('notes beyond their bounds, and chunks that end elsewhere, are not proved', async (t) => {
  const odd: readonly (readonly [string, Tree, number])[] = [
    ['a note at the beginning', branch(leaf(0, 'a'), 0, leaf(9, 'b')), 9],
    ['a note beyond the end', branch(leaf(12, 'a'), 12, leaf(9, 'b')), 9],
    ['a leaf that ends early', branch(leaf(4, 'a'), 5, leaf(9, 'b')), 9],
    ['a leaf that ends late', branch(leaf(6, 'a'), 5, leaf(9, 'b')), 9],
    ['an end that is no number', leaf(Number.MAX_SAFE_INTEGER, 'a'), 9],
    ['a chunk that is too large', leaf(MAX_CHUNK + 1, 'a'), MAX_CHUNK + 1],
  ]
  for (const [name, { id, paths }, size] of odd) {
    t.equal(await faultOf(() => provedLeaf(id, size, 0, paths[0]!)), 'unproved', name)
  }
})

t.test('where a subtree counts from its own beginning, the bytes of another place are not believed', async (t) => {
  const chunk = MAX_CHUNK
  const inner = Array.from({ length: 8 }, (_, index) => leaf((index + 1) * chunk, `inner ${index}`))
  const pair = (row: readonly Tree[]): Tree => {
    if (row.length === 1) return row[0]!
    const half = row.length / 2
    const [left, right] = [row.slice(0, half), row.slice(half)]
    const at = (inner.indexOf(left.at(-1)!) + 1) * chunk
    return branch(pair(left), at, pair(right))
  }
  const subtree = pair(inner)
  const { id, paths } = branch(leaf(chunk, 'first'), chunk, subtree)
  const size = 9 * chunk
  t.equal(await faultOf(() => provedLeaf(id, size, 0, paths[0]!)), 'none', 'what lies before it is')
  for (let at = chunk; at < size; at += chunk) {
    for (const path of paths) {
      t.not(await faultOf(() => provedLeaf(id, size, at, path)), 'none', `${at}`)
      const marked = Buffer.concat([path.subarray(0, 96), Buffer.alloc(32), path.subarray(96)])
      t.not(await faultOf(() => provedLeaf(id, size, at, marked)), 'none', `${at}, with the mark`)
    }
  }
  const honest = Buffer.concat([Buffer.alloc(32), paths[3]!])
  t.equal(await faultOf(() => provedLeaf(id, size, 3 * chunk, honest)), 'unproved', 'nobody lies: it is the tree')
})

t.test('a path that is damaged anywhere proves nothing', async (t) => {
  const size = 6 * MAX_CHUNK + 1000
  const { root, chunks } = await arweaveTransaction(bytesOf(size))
  const random = seededRandom(7)
  for (let round = 0; round < 2000; round++) {
    const { start, path } = chunks[Math.floor(random() * chunks.length)]!
    const damaged = damage(path, random)
    if (damaged.equals(path)) continue
    try {
      provedLeaf(root, size, start, damaged)
      t.fail(`round ${round} is believed`)
    } catch (error) {
      if (!(error instanceof ProofError)) throw error
    }
  }
  t.equal(await faultOf(() => provedLeaf(root, size, 0, Buffer.alloc(64 + 96 * 1000))), 'corrupt', 'no end of it')
  t.equal(await faultOf(() => provedLeaf(root, size, 0, Buffer.alloc(0))), 'corrupt', 'nothing')
})

function damage(path: Buffer, random: () => number): Buffer {
  const at = Math.floor(random() * path.length)
  const kind = Math.floor(random() * 4)
  if (kind === 0) return path.subarray(0, at)
  if (kind === 1) return Buffer.concat([path.subarray(0, at), path.subarray(at + Math.ceil(random() * 96))])
  if (kind === 2) return Buffer.concat([path.subarray(0, at), Buffer.alloc(96, at), path.subarray(at)])
  const bytes = Buffer.from(path)
  bytes[at]! ^= 1 << Math.floor(random() * 8)
  return bytes
}
