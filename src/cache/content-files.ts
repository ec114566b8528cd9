import { opendir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import cacache from 'cacache'

/** The larger pieces of stored bodies, each in a file that is named by its digest (`sha256-…`). What is read is verified. */
export class ContentFiles {
  readonly #folder: string

  /** @param folder absolute path; it is made when something is written */
  constructor(folder: string) {
    this.#folder = folder
  }

  /** Writes what is not there yet: as a whole, or not at all. */
  async write(digest: string, data: Buffer): Promise<void> {
    if ((await cacache.get.hasContent(this.#folder, digest)) !== false) return
    await cacache.put(this.#folder, digest, data, { algorithms: ['sha256'] })
  }

  /** Throws where it is not what was written. A damaged file goes: what has the same bytes would not be written again. */
  async read(digest: string): Promise<Buffer> {
    try {
      return await cacache.get.byDigest(this.#folder, digest)
    } catch (error) {
      if (DAMAGED.has((error as NodeJS.ErrnoException).code)) await this.remove(digest)
      throw error
    }
  }

  /** Its content last: what `digests` does not find has nothing else. */
  async remove(digest: string): Promise<void> {
    await removeEntry(this.#folder, digest, { removeFully: true })
    await cacache.rm.content(this.#folder, digest)
  }

  /** What killed processes left half written. No process may be writing. */
  async removeUnfinished(): Promise<void> {
    await rm(join(this.#folder, 'tmp'), { recursive: true, force: true })
  }

  /** Bytes of a file; 0: it is not there. */
  async size(digest: string): Promise<number> {
    const hex = Buffer.from(digest.slice(PREFIX.length), 'base64').toString('hex')
    const path = join(this.#folder, BODIES, hex.slice(0, 2), hex.slice(2, 4), hex.slice(4))
    return stat(path).then(
      ({ size }) => size,
      () => 0,
    )
  }

  /** All that are there, in no order. One folder is open on each of three levels, however many there are. */
  async *digests(): AsyncGenerator<string> {
    for await (const name of filesIn(join(this.#folder, BODIES), 2)) {
      if (/^[\da-f]{64}$/.test(name)) yield PREFIX + Buffer.from(name, 'hex').toString('base64')
    }
  }
}

const DAMAGED: ReadonlySet<string | undefined> = new Set(['EINTEGRITY', 'EBADSIZE', 'EIO'])
const PREFIX = 'sha256-'
/** Where cacache has them: the digest in hexadecimal digits, its first two bytes as folders. */
const BODIES = join('content-v2', 'sha256')

/** Names of files some levels below a folder, each with those of the folders above it. */
async function* filesIn(folder: string, levels: number): AsyncGenerator<string> {
  // What is not there, or was removed meanwhile, has none.
  const entries = await opendir(folder).catch(() => null)
  if (entries === null) return
  for await (const entry of entries) {
    if (levels === 0) yield entry.name
    else if (entry.isDirectory()) {
      for await (const name of filesIn(join(folder, entry.name), levels - 1)) yield entry.name + name
    }
  }
}

/** The types of cacache do not know the option: without it every removal makes the index of its files longer. */
const removeEntry = cacache.rm.entry as (
  folder: string,
  key: string,
  options: { removeFully: true },
) => Promise<unknown>
