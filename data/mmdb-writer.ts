import { compact, leafIndex, type MmdbTree, NOTHING } from './mmdb-tree.ts'
import { encodeValue, type MmdbValue, uint, ValueWriter } from './mmdb-value.ts'

const SEPARATOR = 16
const MARKER = Buffer.from('abcdef4d61784d696e642e636f6d', 'hex')

export interface MmdbOptions {
  readonly ipVersion: 4 | 6
  readonly recordSize: 24 | 28
  readonly databaseType: string
  readonly description: string
  /** Seconds since 1970. */
  readonly buildEpoch: number
}

/** A MaxMind DB file (format version 2.0): the search tree, the values of its leaves, each once, and the metadata. */
export function encodeMmdb(tree: MmdbTree, values: readonly MmdbValue[], options: MmdbOptions): Buffer {
  const { left, right } = compact(tree)
  const data = new ValueWriter()
  const offsets = values.map((value) => data.write(value))
  const resolve = (reference: number) => {
    if (reference >= 0) return reference
    return reference === NOTHING ? left.length : left.length + SEPARATOR + offsets[leafIndex(reference)]!
  }
  const nodes = encodeNodes(left.map(resolve), right.map(resolve), options.recordSize)
  const metadata = encodeValue({
    binary_format_major_version: uint(16, 2),
    binary_format_minor_version: uint(16, 0),
    build_epoch: uint(64, options.buildEpoch),
    database_type: options.databaseType,
    description: { en: options.description },
    ip_version: uint(16, options.ipVersion),
    languages: ['en'],
    node_count: uint(32, left.length),
    record_size: uint(16, options.recordSize),
  })
  return Buffer.concat([nodes, Buffer.alloc(SEPARATOR), data.bytes(), MARKER, metadata])
}

function encodeNodes(left: readonly number[], right: readonly number[], recordSize: 24 | 28): Buffer {
  const size = recordSize / 4
  const limit = 2 ** recordSize
  const bytes = Buffer.alloc(left.length * size)
  for (let node = 0; node < left.length; node++) {
    const [a, b] = [left[node]!, right[node]!]
    if (a >= limit || b >= limit) throw new RangeError(`a record of ${recordSize} bits cannot hold this tree`)
    const offset = node * size
    bytes.writeUIntBE(a & 0xffffff, offset, 3)
    bytes.writeUIntBE(b & 0xffffff, offset + size - 3, 3)
    if (recordSize === 28) bytes[offset + 3] = ((a >>> 24) << 4) | (b >>> 24)
  }
  return bytes
}
