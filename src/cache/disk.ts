import { createHash } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { makeFolder } from '../state/make-folder.ts'
import { type IndexCheck, startIndexCheck } from './check-index.ts'
import { Claims } from './claims.ts'
import type { DiskIndex, IndexedEntry, Piece } from './disk-index.ts'
import type { EntryHead } from './entry.ts'
import { isDamage } from './index-error.ts'
import { inPieces } from './pieces.ts'
import type { Fields } from './rules/fields.ts'
import type { Part } from './rules/ranges.ts'
import { selectVariant } from './rules/vary.ts'
import type { Volume } from './volume.ts'
import { type DiskProblem, Volumes, type VolumesOptions } from './volumes.ts'

/** `folder` is made where it does not exist; nothing else may be in it. What `onProblem` is told of, the cache goes on after. */
export interface DiskOptions extends VolumesOptions {
  /**
   * Bytes of entries and bodies together. A twentieth more may be there while room is made; files take whole blocks, and
   * the log of SQLite some MiB.
   */
  readonly maxBytes: number
  /** No other process has it open: what a killed one left half written is removed. */
  readonly isFirst: boolean
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
/** Milliseconds: how long a start waits until the index was looked at. */
const MAX_CHECK = 1_000
/** How many files are looked for in the index at once, and the milliseconds after them: it is no hurry. */
const SEEN_AT_ONCE = 64
const BETWEEN_SEEN = 10

/**
 * The tier of the cache on disk, which all worker processes share and which outlives them. What was not written to its
 * end is not there; what was damaged is missed. No method but `read` throws.
 */
export class DiskTier {
  readonly #options: DiskOptions
  readonly #volumes: Volumes
  readonly #touched = new Map<number, number>()
  #sweeping: Promise<void> | null = null
  #check: IndexCheck | null = null
  #tidying: Promise<void> | null = null
  #isClosed = false

  private constructor(options: DiskOptions, volumes: Volumes) {
    this.#options = options
    this.#volumes = volumes
  }

  /** Opens what is there; an index that is damaged is thrown away with its files. null: the folder cannot be used. */
  static async open(options: DiskOptions): Promise<DiskTier | null> {
    const { folder, isFirst, onProblem } = options
    let volumes: Volumes | null = null
    try {
      await makeFolder(folder)
      volumes = await Volumes.open(options)
      const tier = new DiskTier(options, volumes)
      if (isFirst) await tier.#clear()
      return tier
    } catch (error) {
      onProblem('unusable', error)
      await volumes?.close()
      return null
    }
  }

  /** Bytes that are stored, and answers. */
  get usage(): { readonly bytes: number; readonly entries: number } {
    return this.#try({ bytes: 0, entries: 0 }, ({ index: { bytes, entries } }) => ({ bytes, entries }))
  }

  find(key: string, request: Fields): DiskEntry | 'vary-miss' | 'uri-miss' {
    return this.#try<DiskEntry | 'vary-miss' | 'uri-miss'>('uri-miss', (volume) => {
      const variants = volume.index.variants(key)
      if (variants.length === 0) return 'uri-miss'
      const heads = variants.map(({ head }) => head)
      const found = selectVariant(heads, request)
      if (found === null) return 'vary-miss'
      const entry = variants[heads.indexOf(found)]!
      this.#touch(entry.id)
      return { head: found, read: (part) => this.#read(volume, entry, part) }
    })
  }

  /**
   * Writes an answer, which is there when the promise is fulfilled with true.
   *
   * @param source its bytes, from `offset` on; throws where they do not come to their end: nothing is stored then
   */
  async put(head: EntryHead, source: AsyncIterable<Buffer>, offset = 0): Promise<boolean> {
    const volume = this.#volumes.current
    if (volume === null) return false
    const pieces: Piece[] = []
    let isWriting = false
    try {
      for await (const { at, data } of inPieces(source, offset)) {
        isWriting = true
        pieces.push(await this.#write(volume, at, data))
        isWriting = false
      }
      isWriting = true
      volume.index.put(withSize(head, pieces, offset), pieces, this.#options.now())
      if (volume.index.bytes > this.#options.maxBytes) this.sweep()
      return true
    } catch (error) {
      if (error instanceof FullError) this.sweep()
      else if (isWriting) this.#failed(volume, error)
      this.#quietly(volume, () => volume.index.release(pieces))
      return false
    }
  }

  /** Newer fields for what is stored (RFC 9111 section 3.2). */
  update(before: EntryHead, after: EntryHead): void {
    this.#try(undefined, ({ index }) => {
      const entry = this.#same(index, before)
      if (entry !== undefined) index.update(entry, after)
    })
  }

  remove(head: EntryHead): void {
    this.#try(undefined, ({ index }) => {
      const entry = this.#same(index, head)
      if (entry !== undefined) index.remove(entry)
    })
  }

  delete(key: string): void {
    this.#try(undefined, ({ index }) => index.removeKey(key))
  }

  /** Makes room, and removes files that nothing refers to. One at a time. */
  sweep(): Promise<void> {
    this.#sweeping ??= this.#sweep().finally(() => {
      this.#sweeping = null
    })
    return this.#sweeping
  }

  /**
   * For one of all processes, when it starts: looks at the whole index, and removes what was given up and files that no
   * index names. It goes on in the background; this is over when the index was looked at, or that takes too long.
   */
  async tend(): Promise<void> {
    const volume = this.#volumes.current
    if (volume === null || this.#tidying !== null) return
    if (!volume.index.isNew) this.#check = startIndexCheck(volume.indexPath)
    const checked = Promise.resolve(this.#check?.found ?? null).then((damage) => {
      if (damage !== null) this.#failed(volume, damage)
    })
    this.#tidying = checked.then(() => this.#tidy())
    await Promise.race([checked, pause(MAX_CHECK, undefined, { ref: false })])
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#check?.stop()
    await this.#sweeping
    await this.#tidying
    await this.#volumes.close()
  }

  async #clear(): Promise<void> {
    await Claims.clear(this.#options.folder)
    const volume = this.#volumes.current
    if (volume === null) return
    this.#quietly(volume, () => volume.index.releaseAll())
    await volume.content.removeUnfinished()
  }

  async #tidy(): Promise<void> {
    const volume = this.#volumes.current
    if (volume === null || this.#isClosed) return
    void this.#volumes.removeOthers(this.#options.isFirst)
    try {
      await this.#adoptUnnamed(volume)
    } catch (error) {
      this.#failed(volume, error)
    }
  }

  /**
   * Files whose row was lost: by a power failure, with the end of the log. Whoever writes one claims it before, so that
   * what has no row is nobody's.
   */
  async #adoptUnnamed(volume: Volume): Promise<void> {
    let seen = 0
    let adopted = 0
    for await (const digest of volume.content.digests()) {
      if (this.#isClosed || !this.#volumes.isCurrent(volume)) return
      if (!volume.index.knows(digest)) {
        volume.index.adopt(digest, await volume.content.size(digest))
        adopted++
      }
      if (++seen % SEEN_AT_ONCE !== 0) continue
      if (adopted > 0) await this.#removeOrphans(volume)
      adopted = 0
      await pause(BETWEEN_SEEN)
    }
    if (adopted > 0) await this.#removeOrphans(volume)
  }

  async #sweep(): Promise<void> {
    const volume = this.#volumes.current
    if (volume === null) return
    const { index } = volume
    try {
      await this.#removeOrphans(volume)
      while (index.evict(index.bytes - this.#options.maxBytes * LOW_WATER, EVICT_AT_ONCE) > 0) {
        await this.#removeOrphans(volume)
      }
    } catch (error) {
      this.#failed(volume, error)
    }
  }

  async #removeOrphans({ index, content }: Volume): Promise<void> {
    for (;;) {
      const orphans = index.orphans(this.#options.now() - WRITING, EVICT_AT_ONCE)
      for (const digest of orphans) {
        await content.remove(digest)
        index.forget(digest)
      }
      if (orphans.length < EVICT_AT_ONCE) return
    }
  }

  async *#read(volume: Volume, entry: IndexedEntry, { first, last }: Part): AsyncGenerator<Buffer> {
    let position = first
    try {
      for (const piece of volume.index.pieces(entry, first, last)) {
        if (piece.at > position) break
        const data = await this.#verified(volume, piece)
        const chunk = data.subarray(position - piece.at, last + 1 - piece.at)
        position += chunk.length
        if (chunk.length > 0) yield chunk
      }
      if (position <= last) throw new DamagedError()
    } catch (error) {
      if (isDamage(error)) this.#failed(volume, error)
      else if (this.#volumes.isCurrent(volume)) this.#tell('entry-damaged', error)
      this.#quietly(volume, () => volume.index.remove(entry))
      throw error
    }
  }

  async #verified({ content }: Volume, { data, digest }: Piece): Promise<Buffer> {
    if (data === null) return content.read(digest)
    const read = Buffer.from(data)
    if (digestOf(read) !== digest) throw new DamagedError()
    return read
  }

  async #write({ index, content }: Volume, at: number, data: Buffer): Promise<Piece> {
    const digest = digestOf(data)
    const piece = { at, bytes: data.length, digest }
    if (data.length <= INLINE) return { ...piece, data }
    // What comes faster than room is made is not stored.
    if (index.bytes + data.length > this.#options.maxBytes * HIGH_WATER) throw new FullError()
    index.claim(digest, data.length, this.#options.now())
    try {
      await content.write(digest, data)
    } catch (error) {
      // Or what a full disk has no room for would count as if it were there, and push out what is.
      index.release([{ ...piece, data: null }])
      throw error
    }
    return { ...piece, data: null }
  }

  /** The entry of which a head speaks, if it is still the one. */
  #same(index: DiskIndex, head: EntryHead): IndexedEntry | undefined {
    return index
      .variants(head.key)
      .find(({ head: other }) => other.secondaryKey === head.secondaryKey && other.storedAt === head.storedAt)
  }

  #touch(id: number): void {
    const now = this.#options.now()
    if (now - (this.#touched.get(id) ?? 0) < TOUCH_EVERY) return
    if (this.#touched.size >= MOST_TOUCHED) this.#touched.clear()
    this.#touched.set(id, now)
    this.#try(undefined, ({ index }) => index.touch(id, now))
  }

  /** What the Volume that counts now says, or `otherwise`: there is none, or it cannot. */
  #try<Result>(otherwise: Result, work: (volume: Volume) => Result): Result {
    const volume = this.#volumes.current
    if (volume === null) return otherwise
    try {
      return work(volume)
    } catch (error) {
      this.#failed(volume, error)
      return otherwise
    }
  }

  /** What cannot be noted now is not noted: another process is writing, or the disk is full. */
  #quietly(volume: Volume, work: () => void): void {
    try {
      work()
    } catch (error) {
      this.#failed(volume, error)
    }
  }

  #failed(volume: Volume, error: unknown): void {
    // What is under way when it is closed, or given up, is not stored, which is no news.
    if (this.#isClosed || !this.#volumes.isCurrent(volume)) return
    if (isDamage(error)) this.#volumes.renew(volume, error)
    else this.#tell('unwritable', error)
  }

  #tell(problem: DiskProblem, error: unknown): void {
    if (!this.#isClosed) this.#options.onProblem(problem, error)
  }
}

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

/** Subresource-integrity form. */
export function digestOf(data: Uint8Array): string {
  return `sha256-${createHash('sha256').update(data).digest('base64')}`
}
