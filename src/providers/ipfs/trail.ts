import type { CID } from 'multiformats/cid'
import { ProofError } from '../proof.ts'
import type { BlockSource } from './block-source.ts'
import { lookUp } from './directory.ts'
import { decodeNode, type FileNode, type UnixfsNode } from './unixfs.ts'

/** Shards of one directory on the way to a name: the hash has no more bits. */
const MAX_SHARDS = 64

/** Where a path leads. */
export type End =
  | { readonly kind: 'file'; readonly cid: CID; readonly node: FileNode }
  | { readonly kind: 'directory' }
  /** No such name, or a file in place of a directory: after `depth` names, at `file` where that is one. */
  | { readonly kind: 'absent'; readonly depth: number; readonly file: { cid: CID; node: FileNode } | null }

/** Whether these names below a CID may not be served. */
export type IsDenied = (cid: CID, names: readonly string[]) => boolean

/** What has been proved of a path so far: the CIDs along it. It outlives the endpoint that it was learnt from. */
export class Trail {
  readonly segments: readonly string[]
  readonly #cids: CID[]
  readonly #isDenied: IsDenied | null
  #root: UnixfsNode | null = null

  constructor(root: CID, segments: readonly string[], isDenied: IsDenied | null = null) {
    this.#cids = [root]
    this.segments = segments
    this.#isDenied = isDenied
  }

  /** How many names are resolved. */
  get depth(): number {
    return this.#cids.length - 1
  }

  /** What the first `depth` names lead to. */
  at(depth: number): { readonly cid: CID; readonly rest: readonly string[] } {
    return { cid: this.#cids[depth]!, rest: this.segments.slice(depth) }
  }

  /** Whether the root directory, as far as it was seen, may have an entry. */
  mayHave(name: string): boolean {
    const root = this.#root
    return root === null || (root.kind !== 'file' && lookUp(root, name, 0) !== null)
  }

  /**
   * Follows the names after the first `start` to the end, by verified blocks. Several may do so at once, each with the
   * blocks of another endpoint: all come to the same CIDs.
   */
  async follow(source: BlockSource, start: number): Promise<End> {
    for (let depth = start; ; depth++) {
      const { cid, rest } = this.at(depth)
      if (this.#isDenied?.(cid, rest)) throw new ProofError('denied', 'the path leads to what is not served')
      const node = decodeNode(cid, await source.take(cid))
      if (depth === 0) this.#root = node
      const [name] = rest
      if (name === undefined) return node.kind === 'file' ? { kind: 'file', cid, node } : { kind: 'directory' }
      if (node.kind === 'file') return { kind: 'absent', depth, file: { cid, node } }
      const entry = await entryOf(source, node, name)
      if (entry === null) return { kind: 'absent', depth, file: null }
      this.#cids[depth + 1] = entry
    }
  }
}

async function entryOf(source: BlockSource, directory: UnixfsNode, name: string): Promise<CID | null> {
  let node = directory
  for (let level = 0; level < MAX_SHARDS; level++) {
    if (node.kind === 'file') break
    const found = lookUp(node, name, level)
    if (found === null) return null
    if ('entry' in found) return found.entry
    const shard = decodeNode(found.shard, await source.take(found.shard))
    if (node.kind !== 'shard' || shard.kind !== 'shard' || shard.fanout !== node.fanout) break
    node = shard
  }
  throw new ProofError('unproved', 'a sharded directory contradicts itself')
}
