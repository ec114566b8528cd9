import { PIECE } from './rules/pieces.ts'

/**
 * Cuts what comes into pieces.
 *
 * @param offset the place of the first byte that comes
 */
export async function* inPieces(
  source: AsyncIterable<Buffer>,
  offset: number,
): AsyncGenerator<{ readonly at: number; readonly data: Buffer }> {
  let chunks: Buffer[] = []
  let at = offset
  let bytes = 0
  for await (const chunk of source) {
    let rest = chunk
    while (rest.length > 0) {
      const room = PIECE - ((at + bytes) % PIECE)
      const taken = rest.subarray(0, room)
      chunks.push(taken)
      bytes += taken.length
      rest = rest.subarray(taken.length)
      if (taken.length < room) continue
      yield { at, data: Buffer.concat(chunks, bytes) }
      at += bytes
      chunks = []
      bytes = 0
    }
  }
  if (bytes > 0) yield { at, data: Buffer.concat(chunks, bytes) }
}
