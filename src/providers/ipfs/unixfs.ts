import { decode } from '@ipld/dag-pb'
import { UnixFS } from 'ipfs-unixfs'
import type { CID } from 'multiformats/cid'
import { ProofError } from '../proof.ts'
import { type Block, joined } from './block.ts'
import { admitCid, RAW } from './cid.ts'
import { splitNode } from './dag-pb.ts'
import { fields } from './protobuf.ts'

/** Of a node of a file: writers make at most about a thousand, and each becomes several objects. */
const MAX_CHILDREN = 8192

/** HAMT shards are addressed by murmur3-x64-64. */
const MURMUR3 = 0x22n
const MAX_FANOUT = 1024

/** A part of a file: the bytes of the node itself, then those of its children. */
export interface FileNode {
  readonly kind: 'file'
  readonly own: Block
  readonly children: readonly FileChild[]
  /** Bytes of the file below this node, itself included. */
  readonly size: number
}

export interface FileChild {
  readonly cid: CID
  /** What its parent says, which the child has to keep. */
  readonly size: number
}

export interface DirectoryNode {
  readonly kind: 'directory'
  /** PBLinks in their encoding. */
  readonly links: readonly Uint8Array[]
}

export interface ShardNode {
  readonly kind: 'shard'
  readonly links: readonly Uint8Array[]
  /** Slots of this level of the trie: a power of two. */
  readonly fanout: number
}

export type UnixfsNode = FileNode | DirectoryNode | ShardNode

/**
 * What a verified block means (https://specs.ipfs.tech/unixfs/). A block that means nothing here is `unproved`: it is
 * what its CID names, so the fault is the content's and not the endpoint's.
 */
export function decodeNode(cid: CID, block: Block): UnixfsNode {
  if (cid.code === RAW) return { kind: 'file', own: block, children: [], size: block.size }
  const bytes = joined(block)
  const { links, data } = splitNode(bytes)
  const meaning = parsed(() => UnixFS.unmarshal(data))
  switch (meaning.type) {
    case 'raw':
    case 'file':
      if (links.length > MAX_CHILDREN) throw new ProofError('too-large', `a file node of ${links.length} links`)
      return fileNode(bytes, meaning)
    case 'directory':
      return { kind: 'directory', links }
    case 'hamt-sharded-directory':
      return { kind: 'shard', links, fanout: fanoutOf(meaning, data) }
    default:
      throw new ProofError('unproved', `a ${meaning.type} is not served`)
  }
}

function parsed<Value>(parse: () => Value): Value {
  try {
    return parse()
  } catch {
    throw new ProofError('unproved', 'a block is no UnixFS node')
  }
}

function fileNode(block: Uint8Array, data: UnixFS): FileNode {
  const links = parsed(() => decode(block)).Links
  const bytes = data.data ?? new Uint8Array(0)
  const sizes = data.blockSizes
  const childless = data.type === 'raw' && links.length > 0
  if (sizes.length !== links.length || childless) throw new ProofError('unproved', 'a file node contradicts itself')
  let size = bytes.length
  const children = links.map(({ Hash }, index) => {
    const child = Number(sizes[index])
    size += child
    return { cid: admitCid(Hash), size: child }
  })
  if (!Number.isSafeInteger(size)) throw new ProofError('too-large', 'a file is too large')
  return { kind: 'file', own: { parts: bytes.length > 0 ? [bytes] : [], size: bytes.length }, children, size }
}

function fanoutOf({ fanout }: UnixFS, data: Uint8Array): number {
  const value = Number(fanout ?? 0n)
  const powerOfTwo = value >= 2 && value <= MAX_FANOUT && (value & (value - 1)) === 0
  if (hashTypeOf(data) !== MURMUR3 || !powerOfTwo)
    throw new ProofError('unproved', 'an unknown kind of sharded directory')
  return value
}

/** The decoder drops it. */
function hashTypeOf(data: Uint8Array): bigint | undefined {
  for (const { number, value } of fields(data)) if (number === 5 && typeof value === 'bigint') return value
  return undefined
}
