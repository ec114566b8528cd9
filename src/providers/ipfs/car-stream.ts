import { decode } from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'
import { ProofError } from '../proof.ts'
import { type Block, joined, MAX_BLOCK } from './block.ts'
import { ByteReader, type Spend } from './byte-reader.ts'
import { RAW } from './cid.ts'

const MAX_HEADER = 64 * 1024
/** Of a CID in binary: more than any that is accepted has. */
const MAX_CID = 160
const MAX_SECTION = MAX_BLOCK + MAX_CID
/** Four groups of seven bits hold every length that is accepted. */
const VARINT_BYTES = 4

/** A block as a CAR shows it: neither hashed nor expected yet. */
export interface Section {
  readonly cid: Uint8Array
  readonly block: Block
}

/**
 * CAR version 1 as a stream (https://ipld.io/specs/transport/car/carv1/). Its roots are the sender's word, and so are
 * ignored. What is no CAR is `unproved`; an end within a section a TruncatedError.
 */
export class CarStream {
  readonly #bytes: ByteReader
  readonly #spend: Spend | null
  #begun = false

  /** @param spend where given, a section holds nothing of the body but the bytes of a raw block */
  constructor(body: AsyncIterable<Uint8Array>, spend: Spend | null = null) {
    this.#bytes = new ByteReader(body, spend ?? undefined)
    this.#spend = spend
  }

  /** The next section; null after the last one. */
  async next(): Promise<Section | null> {
    if (!this.#begun) await this.#header()
    if (await this.#bytes.atEnd()) return null
    const size = await this.#bytes.varint(VARINT_BYTES)
    if (size === null || size > MAX_SECTION) throw new ProofError('too-large', 'a CAR section is too long')
    const whole = await this.#bytes.take(size)
    const section = split(whole)
    return this.#spend === null ? section : freed(section, whole, this.#spend)
  }

  /** Gives up the rest. */
  cancel(): Promise<void> {
    return this.#bytes.cancel()
  }

  /** The last wanted block has been read: the connection is kept where the body ends here. */
  finish(): void {
    this.#bytes.finish()
  }

  async #header(): Promise<void> {
    this.#begun = true
    if (await this.#bytes.atEnd()) throw new ProofError('unproved', 'an empty CAR')
    const size = await this.#bytes.varint(VARINT_BYTES)
    if (size === null || size > MAX_HEADER || size === 0) throw new ProofError('unproved', 'no CAR header')
    const header = await this.#bytes.take(size)
    if (versionOf(joined(header)) !== 1) throw new ProofError('unproved', 'not a CAR of version 1')
    for (const part of header.parts) this.#spend?.(part, part.length)
  }
}

function versionOf(header: Uint8Array): unknown {
  try {
    return decode<{ version?: unknown } | null>(header)?.version
  } catch {
    return null
  }
}

function split({ parts, size }: Block): Section {
  const length = cidLength(startOf(parts, MAX_CID))
  if (size - length > MAX_BLOCK) throw new ProofError('too-large', 'a block is larger than 2 MiB')
  const [cid, rest] = cut(parts, length)
  return { cid, block: { parts: rest, size: size - length } }
}

/** What is looked at again is copied: it is small, or a node, which is parsed as one array anyway. */
function freed({ cid, block }: Section, whole: Block, spend: Spend): Section {
  const own = Buffer.from(cid)
  let left = cid.length
  for (const part of whole.parts) {
    if (left > 0) spend(part, Math.min(left, part.length))
    left -= part.length
  }
  if (own[0] === 1 && own[1] === RAW) return { cid: own, block: { ...block, isOnlyHere: true } }
  const copy = Buffer.concat(block.parts)
  for (const part of block.parts) spend(part, part.length)
  return { cid: own, block: { parts: [copy], size: block.size } }
}

function cidLength(start: Uint8Array): number {
  let length = 0
  try {
    length = CID.inspectBytes(start).size
  } catch {}
  if (length < 1 || length > start.length) throw new ProofError('unproved', 'a CAR section begins with no CID')
  return length
}

/** At least the first `wanted` bytes where there are as many. */
function startOf(parts: readonly Uint8Array[], wanted: number): Uint8Array {
  const first = parts[0] ?? new Uint8Array(0)
  if (first.length >= wanted || parts.length <= 1) return first
  return Buffer.concat(parts.slice(0, 1 + wanted).map((part) => part.subarray(0, wanted)))
}

/** The first `length` bytes as one array, and the parts that follow. */
function cut(parts: readonly Uint8Array[], length: number): [Uint8Array, Uint8Array[]] {
  const start = startOf(parts, length).subarray(0, length)
  const rest: Uint8Array[] = []
  let skip = length
  for (const part of parts) {
    if (skip < part.length) rest.push(skip === 0 ? part : part.subarray(skip))
    skip = Math.max(0, skip - part.length)
  }
  return [start, rest]
}
