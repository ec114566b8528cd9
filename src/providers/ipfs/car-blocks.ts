import { CID } from 'multiformats/cid'
import { ProofError } from '../proof.ts'
import { type Block, equalBytes, verifyBlock } from './block.ts'
import type { Surroundings } from './block-source.ts'
import { TruncatedError } from './byte-reader.ts'
import type { CarStream, Section } from './car-stream.ts'
import { IDENTITY } from './cid.ts'

/** What is kept of blocks that a CAR without duplicates sends once. */
const RECENT_BYTES = 4 * 1024 * 1024
/** Blocks in a row that a CAR may lack before it is given up. */
const MAX_MISSED = 64

/**
 * Blocks out of a CAR whose order is the depth-first one: each block must be the one that the walk asks for. A block
 * that hashes to another CID, or that has no place in the DAG there, is `corrupt`; one that is merely missing is null,
 * and so is everything from a CAR that is cut or malformed: {@link over} tells.
 */
export class CarBlocks {
  readonly #stream: CarStream
  readonly #dups: boolean
  /** The next section, where it was not the one that the walk asked for. */
  #pending: Section | null = null
  #missed = 0
  #over = false
  readonly #recent = new Map<string, Block>()
  #recentBytes = 0

  constructor(stream: CarStream, dups: boolean) {
    this.#stream = stream
    this.#dups = dups
  }

  /** Nothing more comes out of it. */
  get over(): boolean {
    return this.#over
  }

  async take(cid: CID, around?: Surroundings): Promise<Block | null> {
    const known = this.#dups ? undefined : this.#recent.get(cid.toString())
    if (known !== undefined) return known
    const section = await this.#next()
    if (section === null) return null
    if (!names(section.cid, cid)) return this.#other(section, around)
    verifyBlock(cid, section.block)
    this.#pending = null
    this.#missed = 0
    if (!this.#dups) this.#remember(cid, section.block)
    return section.block
  }

  finish(): void {
    this.#stream.finish()
  }

  cancel(): void {
    this.#over = true
    this.#stream.cancel().catch(() => {})
  }

  async #next(): Promise<Section | null> {
    try {
      this.#pending ??= await this.#stream.next()
      while (this.#pending !== null && isInline(this.#pending)) this.#pending = await this.#stream.next()
      if (this.#pending === null) this.#over = true
    } catch (error) {
      const unusable = error instanceof TruncatedError || error instanceof ProofError
      if (!unusable) throw error
      this.cancel()
    }
    return this.#over ? null : this.#pending
  }

  /**
   * The next block is not the one that the walk asked for. A block that was passed over: the endpoint does not cut
   * CARs to ranges. One that comes later: this one is missing. Any other is none of this DAG, here.
   */
  #other(section: Section, around: Surroundings | undefined): null {
    const standing = around?.standing(section.cid) ?? null
    if (standing === null) throw new ProofError('corrupt', 'a CAR holds a block that is not the next one of the DAG')
    this.#pending = section
    if (standing === 'skipped' || ++this.#missed > MAX_MISSED) this.cancel()
    return null
  }

  #remember(cid: CID, block: Block): void {
    this.#recent.set(cid.toString(), block)
    this.#recentBytes += block.size
    for (const [key, { size }] of this.#recent) {
      if (this.#recentBytes <= RECENT_BYTES) return
      this.#recent.delete(key)
      this.#recentBytes -= size
    }
  }
}

/** Of version 1, after a codec of one byte. The walk reads such a block out of its CID; some CARs hold it as well. */
function isInline({ cid }: Section): boolean {
  return cid[0] === 1 && cid[1]! < 0x80 && cid[2] === IDENTITY
}

/** Stores that are keyed by multihash may spell a CID in the other version: what is hashed is the same. */
function names(bytes: Uint8Array, cid: CID): boolean {
  if (equalBytes(bytes, cid.bytes)) return true
  try {
    return equalBytes(CID.decode(bytes).multihash.bytes, cid.multihash.bytes)
  } catch {
    return false
  }
}
