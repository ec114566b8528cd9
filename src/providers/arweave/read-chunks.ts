import type { ChunkSource, ProvedChunk } from './chunk-source.ts'
import { MAX_CHUNK } from './merkle.ts'
import type { Transaction } from './transaction.ts'

/** How many chunks are asked for at a time: what hides a round trip, and bounds what a reader holds to 1 MiB or so. */
const AHEAD = 4

/** Where chunks come from: one transaction at one endpoint. */
export type Chunks = Pick<ChunkSource, 'chunk' | 'interest'>

/**
 * The bytes `first` to `last` of a transaction's data, whole proved chunks cut at the edges. Asks ahead for the chunks
 * that begin at multiples of 256 KiB, as they do in all but odd trees; where one does not, for that which is missing.
 */
export async function* readChunks(
  source: Chunks,
  transaction: Transaction,
  first: number,
  last: number,
): AsyncGenerator<Uint8Array, void, void> {
  const ahead = new Map<number, Promise<ProvedChunk>>()
  let next = Math.floor(first / MAX_CHUNK)
  try {
    for (let at = first; at <= last; ) {
      for (; ahead.size < AHEAD && next * MAX_CHUNK <= last; next++) {
        const asked = source.chunk(transaction, Math.max(next * MAX_CHUNK, first))
        asked.catch(() => {})
        ahead.set(next, asked)
      }
      const { start, end, bytes } = (await taken(ahead, at)) ?? (await source.chunk(transaction, at))
      yield bytes.subarray(at - start, Math.min(end, last + 1) - start)
      at = end
    }
  } finally {
    source.interest.lost = true
  }
}

/** The chunk that was asked for ahead and has this byte; what lies before it is forgotten. */
async function taken(ahead: Map<number, Promise<ProvedChunk>>, at: number): Promise<ProvedChunk | null> {
  for (const [place, asked] of ahead) {
    if (place * MAX_CHUNK > at + MAX_CHUNK) break
    const chunk = await asked
    if (chunk.start > at) break
    ahead.delete(place)
    if (chunk.end > at) return chunk
  }
  return null
}
