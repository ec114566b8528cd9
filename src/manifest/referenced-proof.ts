import { type AskedEndpoint, type Located, type Proof, ProofError, type Wanted } from '../providers/proof.ts'
import type { ManifestFile } from './manifest.ts'
import { pieceEnd, pieceStart, verifiedPieces } from './verified-pieces.ts'

/**
 * Proves a file by the name that a network has for it (`refs`), and by the manifest as well: what the client is told is
 * the manifest's, so that the body can go on at an endpoint of any other network.
 *
 * What the network proves and the manifest does not know is no lie of the endpoint: the reference is wrong.
 */
export class ReferencedProof implements Proof {
  readonly #inner: Proof
  readonly #file: ManifestFile

  /** @param inner proves what the reference names */
  constructor(inner: Proof, file: ManifestFile) {
    this.#inner = inner
    this.#file = file
  }

  async locate(upstream: AskedEndpoint, wanted: Wanted): Promise<Located> {
    const file = this.#file
    const { size, type, etag } = file
    const inner = await this.#inner.locate(upstream, widened(wanted, size))
    if (inner.kind !== 'object') throw new ProofError('unproved', 'the network has no file under the reference')
    if (inner.size !== size) {
      inner.discard()
      throw new ProofError('unproved', 'the reference leads to a file of another size')
    }
    const read = (first: number, last: number) => {
      const body = inner.read(pieceStart(first), pieceEnd(last, size))
      return verifiedPieces(body, { file, others: () => [], contradiction: 'unproved', first, last })
    }
    return { kind: 'object', size, type, etag, immutable: false, read, discard: () => inner.discard() }
  }
}

/** To the edges of pieces. What lies beyond the file is left as it is: whoever asked finds out. */
function widened(wanted: Wanted, size: number): Wanted {
  if (wanted === 'none') return wanted
  const { first, last } = wanted
  if (first < 0) return { first: pieceStart(Math.max(0, size + first)), last: null }
  return { first: pieceStart(first), last: last === null || last >= size ? null : pieceEnd(last, size) }
}
