import type { CID } from 'multiformats/cid'
import type { Block } from './block.ts'
import type { FileChild } from './unixfs.ts'

/** Where a walk stands when it asks for a block. */
export interface Surroundings {
  /** What the walk will ask for next, as far as it knows, nearest first. */
  ahead(): Iterable<FileChild>
  /** What a CID in binary is to the walk: a block that it passed over, one that it may come to, or null: neither. */
  standing(cid: Uint8Array): 'skipped' | 'later' | null
}

/** Verified blocks of one endpoint. */
export interface BlockSource {
  /** Throws a ProofError, an UpstreamStatus, or what the upstream threw. */
  take(cid: CID, around?: Surroundings): Promise<Block>
  /** All that is wanted has been taken: a connection may be kept. */
  finish(): void
  /** Gives up. */
  cancel(): void
}
