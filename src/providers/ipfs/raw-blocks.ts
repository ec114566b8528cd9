import type { CID } from 'multiformats/cid'
import { Parts } from '../parts.ts'
import { type AskedEndpoint, ProofError, type Reply } from '../proof.ts'
import { type Block, MAX_BLOCK, verifyBlock } from './block.ts'
import type { BlockSource, Surroundings } from './block-source.ts'
import { canonicalCid } from './cid.ts'
import { abandon, mediaType, refusal } from './refusal.ts'

export const RAW_TYPE = 'application/vnd.ipld.raw'

/** Blocks that are fetched before the walk asks for them: the way there and back is paid once for all. */
const AHEAD = 8
const AHEAD_BYTES = 4 * 1024 * 1024

/** Blocks one by one (https://specs.ipfs.tech/http-gateways/trustless-gateway/#block-responses-application-vnd-ipld-raw). */
export class RawBlocks implements BlockSource {
  readonly #upstream: AskedEndpoint
  readonly #wanted = new Map<string, Promise<Block>>()
  #closed = false

  constructor(upstream: AskedEndpoint) {
    this.#upstream = upstream
  }

  async take(cid: CID, around?: Surroundings): Promise<Block> {
    const key = cid.toString()
    const pending = this.#wanted.get(key) ?? this.#request(cid)
    this.#wanted.delete(key)
    this.#prefetch(around, key, pending)
    return pending
  }

  finish(): void {
    this.cancel()
  }

  cancel(): void {
    this.#closed = true
    this.#wanted.clear()
  }

  /** A block that comes again soon is kept: files of zeros are made of one block. */
  #prefetch(around: Surroundings | undefined, current: string, block: Promise<Block>): void {
    let [count, bytes] = [0, 0]
    for (const { cid, size } of around?.ahead() ?? []) {
      bytes += size
      if (++count > AHEAD || bytes > AHEAD_BYTES) return
      const key = cid.toString()
      if (this.#wanted.has(key)) continue
      const pending = key === current ? block : this.#request(cid)
      // Whoever takes it sees the failure.
      pending.catch(() => {})
      this.#wanted.set(key, pending)
    }
  }

  async #request(cid: CID): Promise<Block> {
    const reply = await this.#upstream.ask({ path: `/ipfs/${canonicalCid(cid)}?format=raw`, accept: RAW_TYPE })
    if (reply.status !== 200 || this.#closed) {
      abandon(reply)
      throw refusal(reply)
    }
    const { type } = mediaType(reply.header('content-type'))
    if (type === 'text/html') {
      abandon(reply)
      throw new ProofError('unproved', 'an HTML page in place of a block')
    }
    const block = await whole(reply, () => this.#closed)
    return this.#verified(cid, block, type)
  }

  /** Only what says that it is the block can be a lie about it: else it is what a gateway sends that has no raw blocks. */
  #verified(cid: CID, block: Block, type: string): Block {
    try {
      verifyBlock(cid, block)
      return block
    } catch (error) {
      const lie = type === RAW_TYPE && block.size > 0
      throw lie ? error : new ProofError('unproved', 'an answer that is not the block')
    }
  }
}

async function whole(reply: Reply, closed: () => boolean): Promise<Block> {
  const parts = new Parts()
  let size = 0
  for await (const part of reply.body) {
    size += part.length
    if (size > MAX_BLOCK) throw new ProofError('too-large', 'a block is larger than 2 MiB')
    if (closed()) break
    parts.add(part)
  }
  return { parts: parts.all, size }
}
