import type { CID } from 'multiformats/cid'
import type { ProvedObject, Wanted } from '../proof.ts'
import type { BlockSource } from './block-source.ts'
import { canonicalCid } from './cid.ts'
import { walkFile } from './file-walk.ts'
import type { FileNode } from './unixfs.ts'

/** A file whose root node is verified. */
export interface ProvedFile {
  readonly cid: CID
  readonly node: FileNode
  readonly type: string | null
}

/** Blocks that follow the file's root node in an answer that is being read, and for which bytes it was asked. */
export interface Started {
  readonly source: BlockSource
  readonly wanted: Wanted
}

/** A file at one endpoint. */
export class FileObject implements ProvedObject {
  readonly kind = 'object'
  readonly immutable = true
  readonly size: number
  readonly type: string | null
  readonly etag: string
  readonly #file: ProvedFile
  readonly #open: (wanted: Wanted) => Promise<BlockSource>
  #started: Started | null
  #holdsNothing = false

  /** `open` asks again, for other bytes, and reads the root node. */
  constructor(file: ProvedFile, started: Started | null, open: (wanted: Wanted) => Promise<BlockSource>) {
    this.size = file.node.size
    this.type = file.type
    this.etag = `"${canonicalCid(file.cid)}"`
    this.#file = file
    this.#open = open
    this.#started = started
    // All of the file is here.
    if (file.node.children.length === 0) this.#end()
  }

  async *read(first: number, last: number): AsyncGenerator<Uint8Array, void, void> {
    const end = Math.min(last, this.size - 1)
    if (first > end) return this.discard()
    const source = this.#file.node.children.length === 0 ? NOTHING : await this.#sourceFor(first, end)
    let complete = false
    try {
      yield* walkFile(this.#watched(source), this.#file.node, first, end)
      complete = true
    } finally {
      if (complete) source.finish()
      else source.cancel()
    }
  }

  discard(): void {
    this.#started?.source.cancel()
    this.#started = null
  }

  /** Of the file's root node, which may be asked for again, nothing; of what comes after it, what its source says. */
  get holdsNothing(): boolean {
    return this.#holdsNothing
  }

  #watched(source: BlockSource): BlockSource {
    return {
      take: async (cid, around) => {
        const block = await source.take(cid, around)
        this.#holdsNothing = block.isOnlyHere === true
        return block
      },
      finish: () => source.finish(),
      cancel: () => source.cancel(),
    }
  }

  #end(): void {
    this.#started?.source.finish()
    this.#started = null
  }

  async #sourceFor(first: number, last: number): Promise<BlockSource> {
    const started = this.#started
    if (started !== null && covers(started.wanted, first, last, this.size)) {
      this.#started = null
      return started.source
    }
    this.discard()
    return this.#open({ first, last: last === this.size - 1 ? null : last })
  }
}

/** An answer that begins earlier holds blocks that would have to be passed over. */
function covers(wanted: Wanted, first: number, last: number, size: number): boolean {
  if (wanted === 'none') return false
  const from = wanted.first < 0 ? Math.max(0, size + wanted.first) : wanted.first
  return from === first && (wanted.last ?? size) >= last
}

const NOTHING: BlockSource = {
  take: () => Promise.reject(new Error('no block is needed')),
  finish: () => {},
  cancel: () => {},
}
