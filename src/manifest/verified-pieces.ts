import { createHash, hash } from 'node:crypto'
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
 * Verifies a body that begins at the edge of the piece with `first`, and yields its pieces, cut to `first` and `last`, in
 * the chunks that they came in: each is of a piece that is proved as a whole. Holds one piece. Throws a ProofError, or what
 * the body threw; what the body has beyond the last piece is left unread.
 */
export async function* verifiedPieces(body: AsyncIterable<Uint8Array>, window: PieceWindow): AsyncGenerator<Buffer> {
  const { file, first, last } = window
  const judge = new PieceJudge(window)
  let start = pieceStart(first)
  let piece = new Piece(pieceEnd(start, file.size) + 1 - start)
  for await (const chunk of body) {
    let rest = asBuffer(chunk)
    while (rest.length > 0) {
      rest = piece.take(rest)
      if (!piece.whole) break
      judge.check(piece, start)
      yield* piece.within(first - start, last - start)
      start += piece.length
      if (start > last) return
      piece = new Piece(pieceEnd(start, file.size) + 1 - start)
    }
  }
  throw new ProofError('unproved', 'the body ended before its last piece')
}

/** One piece as it comes, in parts: joining them would copy, and allocate anew, every byte that is delivered. */
class Piece {
  readonly length: number
  readonly #parts: Buffer[] = []
  #missing: number

  constructor(length: number) {
    this.length = length
    this.#missing = length
  }

  get whole(): boolean {
    return this.#missing === 0
  }

  /** Returns what belongs to later pieces. */
  take(chunk: Buffer): Buffer {
    const part = chunk.subarray(0, this.#missing)
    this.#parts.push(part)
    this.#missing -= part.length
    return chunk.subarray(part.length)
  }

  digest(): Buffer {
    const [only] = this.#parts
    if (this.#parts.length === 1) return hash('sha256', only!, 'buffer')
    const hasher = createHash('sha256')
    for (const part of this.#parts) hasher.update(part)
    return hasher.digest()
  }

  /** Bytes `first` to `last` of the piece, as far as it has them. */
  *within(first: number, last: number): Generator<Buffer> {
    let start = 0
    for (const part of this.#parts) {
      const cut = part.subarray(Math.max(0, first - start), Math.max(0, last + 1 - start))
      if (cut.length > 0) yield cut
      start += part.length
    }
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
  check(piece: Piece, offset: number): void {
    const digest = piece.digest()
    if (matches(digest, this.#digests, offset)) return
    if (this.#others().some((other) => isOf(other, digest, piece.length, offset))) {
      throw new ProofError('outdated', 'a piece is that of another edition')
    }
    throw new ProofError(this.#contradiction, 'a piece contradicts the manifest')
  }
}

/** The piece may be the last one of an edition that was shorter, and followed by what no file has. */
function isOf(edition: ManifestFile, digest: Buffer, length: number, offset: number): boolean {
  if (offset >= edition.size || pieceEnd(offset, edition.size) + 1 - offset !== length) return false
  return matches(digest, edition.digests(), offset)
}

function matches(digest: Buffer, digests: Buffer, offset: number): boolean {
  const at = (offset / PIECE) * DIGEST
  return digest.equals(digests.subarray(at, at + DIGEST))
}

function asBuffer(chunk: Uint8Array): Buffer {
  return Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
}
