import type { CID } from 'multiformats/cid'
import { ProofError } from '../proof.ts'
import { equalBytes } from './block.ts'
import { linkCid, linkName } from './dag-pb.ts'
import { murmur3x64 } from './murmur3.ts'
import type { DirectoryNode, ShardNode } from './unixfs.ts'

/** What one node of a directory says of a name: its entry, the shard to ask next, or that there is none. */
export type Found = { readonly entry: CID } | { readonly shard: CID } | null

/** `level`: how many shards were asked before this one. */
export function lookUp(node: DirectoryNode | ShardNode, name: string, level: number): Found {
  return node.kind === 'directory' ? listed(node, name) : hashed(node, name, level)
}

function listed({ links }: DirectoryNode, name: string): Found {
  const link = named(links, name)
  return link === undefined ? null : { entry: linkCid(link) }
}

/** https://specs.ipfs.tech/unixfs/#dag-pb-hamtdirectory: links are named by slot, in upper-case hexadecimal. */
function hashed({ links, fanout }: ShardNode, name: string, level: number): Found {
  const bits = Math.log2(fanout)
  const shift = 64 - bits * (level + 1)
  if (shift < 0) throw new ProofError('too-large', 'a sharded directory is too deep')
  const slot = (murmur3x64(Buffer.from(name)) >> BigInt(shift)) & BigInt(fanout - 1)
  const width = (fanout - 1).toString(16).length
  const prefix = slot.toString(16).toUpperCase().padStart(width, '0')
  const entry = named(links, prefix + name)
  const shard = named(links, prefix)
  if (entry !== undefined && shard !== undefined) throw ambiguous()
  if (entry !== undefined) return { entry: linkCid(entry) }
  return shard === undefined ? null : { shard: linkCid(shard) }
}

function named(links: readonly Uint8Array[], name: string): Uint8Array | undefined {
  const bytes = Buffer.from(name)
  const isNamed = (link: Uint8Array) => equalBytes(linkName(link), bytes)
  const found = links.find(isNamed)
  if (found !== undefined && links.findLast(isNamed) !== found) throw ambiguous()
  return found
}

/** Gateways differ in which of two they follow: none of them is to be called a liar for it. */
function ambiguous(): ProofError {
  return new ProofError('unproved', 'a directory has two entries of one name')
}
