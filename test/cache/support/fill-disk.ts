/** Fills a cache on disk until it is killed: `node fill-disk.ts FOLDER`. Writes a line when it has begun. */
import { DiskTier } from '../../../src/cache/disk.ts'
import { contentOf } from './content.ts'
import { makeHead } from './entry.ts'

const options = {
  folder: process.argv[2]!,
  maxBytes: 20 * 2 ** 20,
  isFirst: true,
  now: Date.now,
  onProblem: console.error,
}
const disk = (await DiskTier.open(options))!

async function* source(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536)
}

async function fill(from: number): Promise<never> {
  for (let at = from; ; at = (at + 4) % 40) {
    const bytes = contentOf(at)
    await disk.put(makeHead({ key: `${at}`, size: bytes.length }), source(bytes))
    if (at === 16) console.log('begun')
  }
}

await Promise.all([0, 1, 2, 3].map(fill))
