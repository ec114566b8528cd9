import { decode, type PBLink, type PBNode } from '@ipld/dag-pb'
import { UnixFS } from 'ipfs-unixfs'
import type { CID } from 'multiformats/cid'
import { ProofError } from '../proof.ts'
import { type Block, joined } from './block.ts'
import { admitCid, RAW } from './cid.ts'
import { fields } from './protobuf.ts'

/** Of one node: a file's nodes have at most about a thousand, a directory that large is sharded. */
export const MAX_LINKS = 32_768

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
  readonly links: readonly PBLink[]
}

export interface ShardNode {
  readonly kind: 'shard'
  readonly links: readonly PBLink[]
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
  const { links, data } = parse(joined(block))
  switch (data.type) {
    case 'raw':
    case 'file':
      return fileNode(links, data)
    case 'directory':
      return { kind: 'directory', links }
    case 'hamt-sharded-directory':
      return { kind: 'shard', links, fanout: fanoutOf(data) }
    default:
      throw new ProofError('unproved', `a ${data.type} is not served`)
  }
}

function parse(bytes: Uint8Array): { links: readonly PBLink[]; data: UnixFS & { hashType?: bigint } } {
  let links = 0
  // Counted before they are decoded: each becomes several objects.
  for (const { number } of fields(bytes)) if (number === 2) links++
  if (links > MAX_LINKS) throw new ProofError('too-large', `a node of ${links} links`)
  try {
    const node: PBNode = decode(bytes)
    if (node.Data === undefined) throw new ProofError('unproved', 'a node without UnixFS data')
    const data = UnixFS.unmarshal(node.Data)
    // The decoder drops it.
    if (data.type === 'hamt-sharded-directory') Object.assign(data, { hashType: hashTypeOf(node.Data) })
    return { links: node.Links, data }
  } catch (error) {
    throw error instanceof ProofError ? error : new ProofError('unproved', 'a block is no UnixFS node')
  }
}

function fileNode(links: readonly PBLink[], data: UnixFS): FileNode {
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

function fanoutOf({ fanout, hashType }: { readonly fanout?: bigint; readonly hashType?: bigint }): number {
  const value = Number(fanout ?? 0n)
  const powerOfTwo = value >= 2 && value <= MAX_FANOUT && (value & (value - 1)) === 0
  if (hashType !== MURMUR3 || !powerOfTwo) throw new ProofError('unproved', 'an unknown kind of sharded directory')
  return value
}

function hashTypeOf(data: Uint8Array): bigint | undefined {
  for (const { number, value } of fields(data)) if (number === 5 && typeof value === 'bigint') return value
  return undefined
}
