import { hash } from 'node:crypto'
import { ProofError, type ProofFault } from '../providers/proof.ts'
import { DIGEST, type ManifestFile, PIECE } from './manifest.ts'

/** Which bytes of a file are wanted, offsets included, and what they have to match. */
export interface PieceWindow {
  readonly file: ManifestFile
  /** Other editions that an endpoint may have: what stood there before, and what stands there by now. */
  others(): readonly ManifestFile[]
  /** What it means when a piece matches none. */
  readonly contradiction: ProofFault
  readonly first: number
  readonly last: number
}

/** Where a body has to begin so that the piece with this offset can be verified. */
export function pieceStart(first: number): number {
  return first - (first % PIECE)
}

/** The last byte of the piece with this offset. */
export function pieceEnd(last: number, size: number): number {
  return Math.min(size, pieceStart(last) + PIECE) - 1
}

/**
 * Verifies a body that begins at the edge of the piece with `first`, and yields its pieces, cut to `first` and `last`:
 * chunks of at most 256 KiB, each of which is proved. Holds one piece. Throws a ProofError, or what the body threw; what
 * the body has beyond the last piece is left unread.
 */
export async function* verifiedPieces(body: AsyncIterable<Uint8Array>, window: PieceWindow): AsyncGenerator<Buffer> {
  const { file, first, last } = window
  const judge = new PieceJudge(window)
  let start = pieceStart(first)
  let gathered = new PieceGatherer(pieceEnd(start, file.size) + 1 - start)
  for await (const chunk of body) {
    let rest = asBuffer(chunk)
    while (rest.length > 0) {
      rest = gathered.take(rest)
      const { whole } = gathered
      if (whole === null) break
      judge.check(whole, start)
      yield whole.subarray(Math.max(0, first - start), Math.min(whole.length, last + 1 - start))
      start += whole.length
      if (start > last) return
      gathered = new PieceGatherer(pieceEnd(start, file.size) + 1 - start)
    }
  }
  throw new ProofError('unproved', 'the body ended before its last piece')
}

/** One piece as it comes: a chunk that has all of it is not copied. */
class PieceGatherer {
  readonly #length: number
  #buffer: Buffer | null = null
  #filled = 0

  constructor(length: number) {
    this.#length = length
  }

  /** Returns what belongs to later pieces. */
  take(chunk: Buffer): Buffer {
    const part = chunk.subarray(0, this.#length - this.#filled)
    if (part.length === this.#length) this.#buffer = part
    else {
      this.#buffer ??= Buffer.allocUnsafeSlow(this.#length)
      part.copy(this.#buffer, this.#filled)
    }
    this.#filled += part.length
    return chunk.subarray(part.length)
  }

  get whole(): Buffer | null {
    return this.#filled === this.#length ? this.#buffer : null
  }
}

/** Says whether a piece belongs to the file, or to another edition of it. */
class PieceJudge {
  readonly #digests: Buffer
  readonly #others: () => readonly ManifestFile[]
  readonly #contradiction: ProofFault

  constructor({ file, others, contradiction }: PieceWindow) {
    this.#digests = file.digests()
    this.#others = others
    this.#contradiction = contradiction
  }

  /** Throws where the piece at this offset is not that of the file. */
  check(piece: Buffer, offset: number): void {
    if (matches(piece, this.#digests, offset)) return
    if (this.#others().some((other) => isOf(other, piece, offset))) {
      throw new ProofError('outdated', 'a piece is that of another edition')
    }
    throw new ProofError(this.#contradiction, 'a piece contradicts the manifest')
  }
}

/** The piece may be the last one of an edition that was shorter, and followed by what no file has. */
function isOf(edition: ManifestFile, piece: Buffer, offset: number): boolean {
  if (offset >= edition.size || pieceEnd(offset, edition.size) + 1 - offset !== piece.length) return false
  return matches(piece, edition.digests(), offset)
}

function matches(piece: Buffer, digests: Buffer, offset: number): boolean {
  const at = (offset / PIECE) * DIGEST
  return hash('sha256', piece, 'buffer').equals(digests.subarray(at, at + DIGEST))
}

function asBuffer(chunk: Uint8Array): Buffer {
  return Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
}
