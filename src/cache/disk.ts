import { createHash } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import cacache from 'cacache'
import { Claims } from './claims.ts'
import { DiskIndex, type IndexedEntry, type Piece } from './disk-index.ts'
import type { EntryHead } from './entry.ts'
import { inPieces } from './pieces.ts'
import type { Fields } from './rules/fields.ts'
import type { Part } from './rules/ranges.ts'
import { selectVariant } from './rules/vary.ts'

export interface DiskOptions {
  /** An absolute path. It is made where it does not exist; nothing else may be in it. */
  readonly folder: string
  /**
   * Bytes of entries and bodies together. A twentieth more may be there while room is made; files take whole blocks, and
   * the log of SQLite some MiB.
   */
  readonly maxBytes: number
  /** No other process has it open: what a killed one left half written is removed. */
  readonly isFirst: boolean
  /** Milliseconds since the epoch. */
  now(): number
  /** What went wrong, once for each kind: the cache goes on without it. */
  onProblem(problem: 'cache-disk-unusable' | 'cache-disk-unwritable' | 'cache-disk-damaged', error: unknown): void
}

/** An answer on disk. Its bytes are read when they are asked for, and verified. */
export interface DiskEntry {
  readonly head: EntryHead
  /** Throws where a piece is missing or damaged; the entry is gone then. */
  read(part: Part): AsyncGenerator<Buffer>
}

/** Bytes: less is faster in a table, more in a file (bench/cache-disk.ts). */
const INLINE = 16_384
/** Milliseconds in which an answer should have been written; after them it may lose its pieces, and is missed. */
const WRITING = 30 * 60_000
/** How often it is noted that an entry is used, and how much is taken out at once. */
const TOUCH_EVERY = 60_000
const EVICT_AT_ONCE = 64

/**
 * The tier of the cache on disk, which all worker processes share and which outlives them. What was not written to its
 * end is not there; what was damaged is missed. No method but `read` throws.
 */
export class DiskTier {
  readonly #options: DiskOptions
  readonly #index: DiskIndex
  readonly #told = new Set<string>()
  readonly #touched = new Map<number, number>()
  #sweeping: Promise<void> | null = null
  #isClosed = false

  private constructor(options: DiskOptions, index: DiskIndex) {
    this.#options = options
    this.#index = index
  }

  /** Opens what is there; what cannot be read as a cache of ours is thrown away. null: the folder cannot be used. */
  static async open(options: DiskOptions): Promise<DiskTier | null> {
    const { folder, isFirst, onProblem } = options
    try {
      const index = await openIndex(folder)
      if (isFirst) {
        index.releaseAll()
        await Claims.clear(folder)
        await rm(join(folder, CONTENT, 'tmp'), { recursive: true, force: true })
      }
      return new DiskTier(options, index)
    } catch (error) {
      onProblem('cache-disk-damaged', error)
    }
    try {
      await rm(join(folder, CONTENT), { recursive: true, force: true })
      for (const suffix of ['', '-wal', '-shm']) await rm(join(folder, INDEX + suffix), { force: true })
      return new DiskTier(options, await openIndex(folder))
    } catch (error) {
      onProblem('cache-disk-unusable', error)
      return null
    }
  }

  get index(): DiskIndex {
    return this.#index
  }

  find(key: string, request: Fields): DiskEntry | 'vary-miss' | 'uri-miss' {
    try {
      const variants = this.#index.variants(key)
      if (variants.length === 0) return 'uri-miss'
      const heads = variants.map(({ head }) => head)
      const found = selectVariant(heads, request)
      if (found === null) return 'vary-miss'
      const entry = variants[heads.indexOf(found)]!
      this.#touch(entry.id)
      return { head: found, read: (part) => this.#read(entry, part) }
    } catch (error) {
      this.#tell('cache-disk-damaged', error)
      return 'uri-miss'
    }
  }

  /**
   * Writes an answer, which is there when the promise is fulfilled with true.
   *
   * @param source its bytes, from `offset` on; throws where they do not come to their end: nothing is stored then
   */
  async put(head: EntryHead, source: AsyncIterable<Buffer>, offset = 0): Promise<boolean> {
    const pieces: Piece[] = []
    let isWriting = false
    try {
      for await (const { at, data } of inPieces(source, offset)) {
        isWriting = true
        pieces.push(await this.#write(at, data))
        isWriting = false
      }
      isWriting = true
      this.#index.put(withSize(head, pieces, offset), pieces, this.#options.now())
      if (this.#index.bytes > this.#options.maxBytes) this.sweep()
      return true
    } catch (error) {
      if (error instanceof FullError) this.sweep()
      else if (isWriting) this.#tell('cache-disk-unwritable', error)
      this.#quietly(() => this.#index.release(pieces))
      return false
    }
  }

  /** Newer fields for what is stored (RFC 9111 section 3.2). */
  update(before: EntryHead, after: EntryHead): void {
    this.#quietly(() => {
      const entry = this.#same(before)
      if (entry !== undefined) this.#index.update(entry.id, after)
    })
  }

  remove(head: EntryHead): void {
    this.#quietly(() => {
      const entry = this.#same(head)
      if (entry !== undefined) this.#index.remove(entry.id)
    })
  }

  delete(key: string): void {
    this.#quietly(() => this.#index.removeKey(key))
  }

  /** Makes room, and removes files that nothing refers to. One at a time. */
  sweep(): Promise<void> {
    this.#sweeping ??= this.#sweep().finally(() => {
      this.#sweeping = null
    })
    return this.#sweeping
  }

  async close(): Promise<void> {
    await this.#sweeping
    this.#quietly(() => this.#index.close())
    this.#isClosed = true
  }

  async #sweep(): Promise<void> {
    try {
      await this.#removeOrphans()
      while (this.#index.evict(this.#index.bytes - this.#options.maxBytes * LOW_WATER, EVICT_AT_ONCE) > 0) {
        await this.#removeOrphans()
      }
    } catch (error) {
      this.#tell('cache-disk-unwritable', error)
    }
  }

  async #removeOrphans(): Promise<void> {
    for (;;) {
      const orphans = this.#index.orphans(this.#options.now() - WRITING, EVICT_AT_ONCE)
      for (const digest of orphans) {
        await removeFile(this.#content, digest)
        this.#index.forget(digest)
      }
      if (orphans.length < EVICT_AT_ONCE) return
    }
  }

  async *#read({ id }: IndexedEntry, { first, last }: Part): AsyncGenerator<Buffer> {
    let position = first
    try {
      for (const piece of this.#index.pieces(id, first, last)) {
        if (piece.at > position) break
        const data = await this.#verified(piece)
        const chunk = data.subarray(position - piece.at, last + 1 - piece.at)
        position += chunk.length
        if (chunk.length > 0) yield chunk
      }
      if (position <= last) throw new DamagedError()
    } catch (error) {
      this.#quietly(() => this.#index.remove(id))
      throw error
    }
  }

  async #verified({ data, digest }: Piece): Promise<Buffer> {
    if (data === null) return this.#readFile(digest)
    const read = Buffer.from(data)
    if (digestOf(read) !== digest) throw new DamagedError()
    return read
  }

  /** cacache verifies what it reads. A damaged file must go: what has the same bytes would not be written again. */
  async #readFile(digest: string): Promise<Buffer> {
    try {
      return await cacache.get.byDigest(this.#content, digest)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EINTEGRITY' || code === 'EBADSIZE') await removeFile(this.#content, digest)
      throw error
    }
  }

  async #write(at: number, data: Buffer): Promise<Piece> {
    const digest = digestOf(data)
    const piece = { at, bytes: data.length, digest }
    if (data.length <= INLINE) return { ...piece, data }
    // What comes faster than room is made is not stored.
    if (this.#index.bytes + data.length > this.#options.maxBytes * HIGH_WATER) throw new FullError()
    this.#index.claim(digest, data.length, this.#options.now())
    if (!(await hasFile(this.#content, digest))) {
      await cacache.put(this.#content, digest, data, { algorithms: ['sha256'] })
    }
    return { ...piece, data: null }
  }

  /** The entry of which a head speaks, if it is still the one. */
  #same(head: EntryHead): IndexedEntry | undefined {
    return this.#index
      .variants(head.key)
      .find(({ head: other }) => other.secondaryKey === head.secondaryKey && other.storedAt === head.storedAt)
  }

  #touch(id: number): void {
    const now = this.#options.now()
    if (now - (this.#touched.get(id) ?? 0) < TOUCH_EVERY) return
    if (this.#touched.size >= MOST_TOUCHED) this.#touched.clear()
    this.#touched.set(id, now)
    this.#quietly(() => this.#index.touch(id, now))
  }

  get #content(): string {
    return join(this.#options.folder, CONTENT)
  }

  /** What cannot be noted now is not noted: another process is writing, or the disk is full. */
  #quietly(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.#tell('cache-disk-unwritable', error)
    }
  }

  #tell(problem: 'cache-disk-unwritable' | 'cache-disk-damaged', error: unknown): void {
    // What is under way when it is closed is not stored, which is no news.
    if (this.#isClosed || this.#told.has(problem)) return
    this.#told.add(problem)
    this.#options.onProblem(problem, error)
  }
}

const INDEX = 'index.db'
const CONTENT = 'content'
/** Parts of all bytes: how much is left when room has been made, and what is never exceeded meanwhile. */
const LOW_WATER = 0.95
const HIGH_WATER = 1.05
const MOST_TOUCHED = 10_000

/** What came without its length has one when all has come. */
function withSize(head: EntryHead, pieces: readonly Piece[], offset: number): EntryHead {
  const last = pieces.at(-1)
  return head.size === null ? { ...head, size: last === undefined ? offset : last.at + last.bytes } : head
}

/** A piece is missing or is not what was written. */
class DamagedError extends Error {
  constructor() {
    super('a piece of the cache on disk is damaged')
    this.name = 'DamagedError'
  }
}

/** There is no room yet. */
class FullError extends Error {}

async function openIndex(folder: string): Promise<DiskIndex> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  // Only those who have a cache on disk load SQLite.
  const { DatabaseSync } = await import('node:sqlite')
  const database = new DatabaseSync(join(folder, INDEX))
  try {
    return new DiskIndex(database)
  } catch (error) {
    database.close()
    throw error
  }
}

function digestOf(data: Uint8Array): string {
  return `sha256-${createHash('sha256').update(data).digest('base64')}`
}

async function hasFile(content: string, digest: string): Promise<boolean> {
  return (await cacache.get.hasContent(content, digest)) !== false
}

async function removeFile(content: string, digest: string): Promise<void> {
  await cacache.rm.content(content, digest)
  await removeEntry(content, digest, { removeFully: true })
}

/** The types of cacache do not know the option: without it every removal makes the index of its files longer. */
const removeEntry = cacache.rm.entry as (
  folder: string,
  key: string,
  options: { removeFully: true },
) => Promise<unknown>
