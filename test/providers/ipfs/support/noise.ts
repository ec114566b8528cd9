import { seededRandom } from '../../../helpers/random.ts'

/** Bytes that look like none before, the same for each seed. */
export function noise(size: number, seed: number): Buffer {
  const random = seededRandom(seed)
  const bytes = Buffer.alloc(size)
  for (let at = 0; at + 4 <= size; at += 4) bytes.writeUInt32LE((random() * 2 ** 32) >>> 0, at)
  return bytes
}
