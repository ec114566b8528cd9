import { hash } from 'node:crypto'
import { type AskedEndpoint, ProofError, type Reply } from '../proof.ts'
import { askJson, bodyOf, type Interest, letGo } from './answer.ts'
import { fromBase64url } from './base64url.ts'
import { MAX_CHUNK, MAX_PATH, provedLeaf } from './merkle.ts'
import type { Transaction } from './transaction.ts'

/** Some bytes of a transaction's data, proved. */
export interface ProvedChunk {
  readonly start: number
  /** Excluded. */
  readonly end: number
  readonly bytes: Buffer
}

/** A chunk and its path in base64url; the path of its transaction in the block, which is not looked at. */
const MAX_CHUNK_JSON = 512 * 1024
const MAX_OFFSET_JSON = 1024
const OFFSET = /^[1-9][0-9]{0,15}$/

/** The chunks of one transaction at one endpoint. Where in the weave they are, only the endpoint says; what they are is proved. */
export class ChunkSource {
  readonly interest: Interest = { lost: false }
  readonly #upstream: AskedEndpoint
  readonly #id: string
  /** Keys of the endpoints that have no binary chunks, for the time of a proof. */
  readonly #jsonOnly: Set<string>
  #range: Promise<{ readonly size: string; readonly end: number }> | null = null

  constructor(upstream: AskedEndpoint, id: string, jsonOnly: Set<string>) {
    this.#upstream = upstream
    this.#id = id
    this.#jsonOnly = jsonOnly
  }

  /** Asks where the data is, before it is known whether it is wanted. */
  prepare(): void {
    this.#range ??= this.#askRange()
    this.#range.catch(() => {})
  }

  /** The chunk that has the byte `at`, of at most 256 KiB. Throws a ProofError or what the upstream threw. */
  async chunk({ dataRoot, dataSize }: Transaction, at: number): Promise<ProvedChunk> {
    this.prepare()
    const { size, end } = await this.#range!
    if (size !== String(dataSize))
      throw new ProofError('corrupt', 'the size of the data is not the one that was signed')
    const { bytes, path } = await this.#ask(end - dataSize + 1 + at)
    const leaf = provedLeaf(dataRoot, dataSize, at, path)
    if (!hash('sha256', bytes, 'buffer').equals(leaf.dataHash)) {
      throw new ProofError('corrupt', 'the chunk is not the one that its Merkle path leads to')
    }
    if (bytes.length !== leaf.end - leaf.start) throw new ProofError('unproved', 'the chunk does not fill its place')
    return { start: leaf.start, end: leaf.end, bytes }
  }

  /** `offset` is that of the last byte in the weave, the first of which has offset 1. */
  async #askRange(): Promise<{ readonly size: string; readonly end: number }> {
    const { size, offset } = await askJson(this.#upstream, `/tx/${this.#id}/offset`, MAX_OFFSET_JSON, this.interest)
    if (!isOffset(size) || !isOffset(offset) || Number(size) > Number(offset)) {
      throw new ProofError('unproved', 'the answer is no offset of a transaction')
    }
    return { size, end: Number(offset) }
  }

  /** In binary where the endpoint knows how, which is a quarter less. */
  async #ask(offset: number): Promise<{ readonly bytes: Buffer; readonly path: Buffer }> {
    if (!this.#jsonOnly.has(this.#upstream.key)) {
      const reply = await this.#upstream.ask({ path: `/chunk/${offset}/data`, accept: 'application/octet-stream' })
      const path = fromBase64url(reply.header('x-arweave-chunk-data-path'), MAX_PATH)
      if (isBinary(reply, path)) {
        return { bytes: nonEmpty(await bodyOf(reply, MAX_CHUNK, this.interest)), path: path ?? Buffer.alloc(0) }
      }
      letGo(reply)
      this.#jsonOnly.add(this.#upstream.key)
    }
    return readChunk(await askJson(this.#upstream, `/chunk/${offset}`, MAX_CHUNK_JSON, this.interest))
  }
}

/** Whether it is to be read, be it for what its status says: what only says that there is no such page is not. */
function isBinary({ status }: Reply, path: Buffer | null): boolean {
  return status === 200 ? path !== null : status === 410 || status === 451 || status === 429 || status >= 500
}

function readChunk({ chunk, data_path, packing }: Readonly<Record<string, unknown>>): { bytes: Buffer; path: Buffer } {
  if (packing !== undefined && packing !== 'unpacked') throw new ProofError('unproved', 'the chunk is packed')
  const bytes = fromBase64url(chunk, MAX_CHUNK)
  const path = fromBase64url(data_path, MAX_PATH)
  if (bytes === null || path === null) throw new ProofError('unproved', 'the answer is no chunk')
  return { bytes: nonEmpty(bytes), path }
}

function nonEmpty(bytes: Buffer): Buffer {
  if (bytes.length === 0) throw new ProofError('unproved', 'the chunk is empty')
  return bytes
}

function isOffset(text: unknown): text is string {
  return typeof text === 'string' && OFFSET.test(text) && Number.isSafeInteger(Number(text))
}
