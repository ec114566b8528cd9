import { decode } from '@ipld/dag-pb'
import { MemoryBlockstore } from 'blockstore-core/memory'
import { UnixFS } from 'ipfs-unixfs'
import { type ImporterOptions, importer } from 'ipfs-unixfs-importer'
import { fixedSize } from 'ipfs-unixfs-importer/chunker'
import type { CID } from 'multiformats/cid'

export interface DagBlock {
  readonly cid: CID
  readonly bytes: Uint8Array
}

/** Blocks by multihash, and what a gateway does with them. Written against the formats, not against src/. */
export class Dag {
  readonly blocks = new Map<string, Uint8Array>()

  /** Files by path, `''` for a tree of one file. Returns the CID of the root. */
  async add(files: Readonly<Record<string, Uint8Array>>, options: DagOptions = {}): Promise<CID> {
    const store = new MemoryBlockstore()
    const { chunkSize = 256 * 1024, ...rest } = options
    const candidates = Object.entries(files).map(([path, content]) => (path === '' ? { content } : { path, content }))
    const chunker = fixedSize({ chunkSize })
    const wrap = candidates.length > 1 || !('' in files)
    let root: CID | null = null
    for await (const { cid } of importer(candidates, store, { wrapWithDirectory: wrap, chunker, ...rest })) root = cid
    for await (const { cid, bytes } of store.getAll()) {
      const parts: Uint8Array[] = []
      for await (const part of bytes) parts.push(part)
      this.put(cid, Buffer.concat(parts))
    }
    return root!
  }

  put(cid: CID, bytes: Uint8Array): void {
    this.blocks.set(keyOf(cid), bytes)
  }

  get(cid: CID): Uint8Array | undefined {
    return cid.multihash.code === 0 ? cid.multihash.digest : this.blocks.get(keyOf(cid))
  }

  /** Blocks along a path, its end last; null where there is no such name, or a block is missing. */
  resolve(root: CID, names: readonly string[]): DagBlock[] | null {
    const bytes = root.multihash.code === 0 ? root.multihash.digest : this.get(root)
    if (bytes === undefined) return null
    const [name, ...rest] = names
    if (name === undefined) return [{ cid: root, bytes }]
    const found = this.#entry(root, name)
    const below = found === null ? null : this.resolve(found.entry, rest)
    return below === null ? null : [...found!.blocks, ...below]
  }

  /** The blocks of a file below its root, depth first, as far as they hold bytes `first` to `last`; the root as well. */
  *entity(cid: CID, first = 0, last = Number.POSITIVE_INFINITY): Generator<DagBlock> {
    const bytes = this.get(cid)
    if (bytes === undefined) return
    yield { cid, bytes }
    if (cid.code !== 0x70) return
    const { Data, Links } = decode(bytes)
    const node = UnixFS.unmarshal(Data!)
    const sharded = node.type === 'hamt-sharded-directory'
    if (sharded) for (const link of Links) if (link.Name?.length === widthOf(node)) yield* this.entity(link.Hash)
    if (node.isDirectory()) return
    let at = node.data?.length ?? 0
    for (const [index, { Hash }] of Links.entries()) {
      const end = at + Number(node.blockSizes[index])
      if (end > first && at <= last) yield* this.entity(Hash, first - at, last - at)
      at = end
    }
  }

  /** Bytes of the file at a CID; NaN for a directory. */
  size(cid: CID): number {
    const bytes = this.get(cid)!
    if (cid.code !== 0x70) return bytes.length
    const node = UnixFS.unmarshal(decode(bytes).Data!)
    return node.isDirectory() ? Number.NaN : Number(node.fileSize())
  }

  #entry(cid: CID, name: string): { entry: CID; blocks: DagBlock[] } | null {
    const bytes = this.get(cid)
    if (bytes === undefined || cid.code !== 0x70) return null
    const { Data, Links } = decode(bytes)
    const node = UnixFS.unmarshal(Data!)
    const width = node.type === 'hamt-sharded-directory' ? widthOf(node) : 0
    const self = { cid, bytes }
    for (const { Name = '', Hash } of Links) {
      if (Name.slice(width) === name) return { entry: Hash, blocks: [self] }
      const below = width > 0 && Name.length === width ? this.#entry(Hash, name) : null
      if (below !== null) return { entry: below.entry, blocks: [self, ...below.blocks] }
    }
    return null
  }
}

export interface DagOptions extends ImporterOptions {
  /** Bytes of a leaf. */
  readonly chunkSize?: number
}

function keyOf(cid: CID): string {
  return Buffer.from(cid.multihash.bytes).toString('latin1')
}

function widthOf(node: UnixFS): number {
  return (Number(node.fanout) - 1).toString(16).length
}
