import { DIGEST, type ManifestFile, PIECE } from './manifest.ts'
import { pieceStart } from './verified-pieces.ts'

/**
 * Where a file parts from editions that are the same from the piece with `first` on, and as long: offsets of the first
 * pieces that differ, up to `last`. Where the first piece differs it tells by itself; an answer tells its size.
 */
export function partings(
  file: ManifestFile,
  others: readonly ManifestFile[],
  first: number,
  last: number,
): ReadonlySet<number> {
  const found = new Set<number>()
  const alike = others.filter(({ size }) => size === file.size)
  if (alike.length === 0) return found
  const digests = file.digests()
  for (const other of alike) {
    const otherDigests = other.digests()
    const differs = (offset: number) => {
      const at = (offset / PIECE) * DIGEST
      return digests.compare(otherDigests, at, at + DIGEST, at, at + DIGEST) !== 0
    }
    let offset = pieceStart(first)
    while (offset <= last && !differs(offset)) offset += PIECE
    if (offset > pieceStart(first) && offset <= last) found.add(offset)
  }
  return found
}
