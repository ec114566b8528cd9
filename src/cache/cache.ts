import type { Coming } from './coming.ts'
import type { DiskTier } from './disk.ts'
import type { EntryHead } from './entry.ts'
import { type Boarding, Flights } from './flights.ts'
import type { Invalidation } from './invalidation.ts'
import { MemoryTier } from './memory.ts'
import type { Purges } from './purges.ts'
import type { Fields } from './rules/fields.ts'
import { type Edition, objectKey, pieceKey } from './rules/pieces.ts'
import { type Found, Tiers } from './tiers.ts'

/**
 * What a fetch comes to, for all who waited for it: an answer that is coming; one of which pieces are coming; a stored
 * one that was confirmed; or one that is stale, because nobody could be asked.
 */
export type Landed =
  | { readonly kind: 'coming'; readonly coming: Coming }
  | { readonly kind: 'pieces' | 'confirmed' | 'stale'; readonly found: Found }

export interface CacheOptions {
  /** Bytes, of this process. */
  readonly memory: number
  readonly disk: DiskTier | null
  readonly purges: Purges
  /** Tells other processes what does not count any more; absent: there are none. */
  onInvalidated?(invalidation: Invalidation): void
  /** Milliseconds since the epoch. */
  now(): number
  after(milliseconds: number, expire: () => void): { cancel(): void }
}

/** One answer takes no more of the memory than this part, or it would push out all others. */
const LARGEST_PART = 4
/** All that are on their way together; bytes. */
const LEAST_COMING = 2 ** 25
const MAX_WAIT = 10_000
const HIT_FOR_MISS = 30_000
const WAITING = { maxWaiting: 20_000, maxWaitingInAll: 50_000, maxMarkers: 50_000 }
/** How many invalidations are remembered: as many as answers may be on their way. */
const MOST_INVALIDATED = 10_000

/** The answers that are stored and those that are coming, in one process. It outlives reloads. */
export class Cache {
  readonly #options: CacheOptions
  readonly #memory: MemoryTier
  readonly #tiers: Tiers
  readonly #flights: Flights<Landed>
  readonly #coming = new Set<Coming>()
  readonly #promoting = new Set<string>()
  /** When what was stored for a key stopped to count: an answer that was asked for before then is not stored. */
  readonly #invalidated = new Map<string, number>()
  /** Bytes: what is larger is on disk only, and nobody can join it once so much of it has come. */
  readonly maxInMemory: number

  constructor(options: CacheOptions) {
    const { memory, disk, purges, now, after } = options
    this.#options = options
    this.maxInMemory = Math.floor(memory / LARGEST_PART)
    this.#memory = new MemoryTier({ maxBytes: memory })
    this.#tiers = new Tiers({ memory: this.#memory, disk, purges, maxInMemory: this.maxInMemory })
    this.#flights = new Flights({ ...WAITING, maxWait: MAX_WAIT, hitForMiss: HIT_FOR_MISS, now, after })
  }

  get memory(): Pick<MemoryTier, 'bytes' | 'size' | 'evictions' | 'rejections'> {
    return this.#memory
  }

  /** null: there is none. */
  get disk(): { readonly bytes: number; readonly entries: number } | null {
    return this.#options.disk?.index ?? null
  }

  /** Answers that are coming. */
  get fetches(): number {
    return this.#flights.flying
  }

  /** Requests that wait for one of them to begin. */
  get waiting(): number {
    return this.#flights.waiting
  }

  /** Bytes: the largest answer that can be stored anywhere. */
  get largest(): number {
    return this.#options.disk === null ? this.maxInMemory : Number.POSITIVE_INFINITY
  }

  find(key: string, request: Fields): Found | 'vary-miss' | 'uri-miss' {
    return this.#tiers.find(key, request)
  }

  /** A piece of the object that is stored under a primary key; null: it has to be asked for. */
  findPiece(key: string, edition: Edition, at: number): Found | null {
    const found = this.#tiers.find(pieceKey(key, edition, at), [])
    if (typeof found === 'string') return null
    const invalidated = this.#invalidated.get(objectKey(key)) ?? Number.NEGATIVE_INFINITY
    return found.head.confirmedAt > invalidated ? found : null
  }

  board(key: string): Boarding<Landed> {
    return this.#flights.board(key)
  }

  /** Says that answers for this key are not for others for now. */
  mark(key: string): void {
    this.#flights.mark(key)
  }

  isMarked(key: string): boolean {
    return this.#flights.isMarked(key)
  }

  /** Whether there is room for one more answer on its way. */
  get hasRoom(): boolean {
    let bytes = 0
    for (const { body } of this.#coming) bytes += body.isOverLimit ? 0 : body.bytes
    return bytes < Math.max(this.#options.memory / 2, LEAST_COMING)
  }

  /** Stores what is coming, when it has come. `most`: bytes; what turns out to be larger is not stored. */
  async store(coming: Coming, most: number): Promise<void> {
    const { head, body } = coming
    this.#coming.add(coming)
    const stored = await this.#tiers.put(head, body, most)
    this.#coming.delete(coming)
    if (!stored) return
    this.#flights.unmark(head.key)
    if ((this.#invalidated.get(head.key) ?? Number.NEGATIVE_INFINITY) >= head.confirmedAt) this.#tiers.remove(head)
  }

  /** A stored answer with newer fields (RFC 9111 section 3.2). */
  update(found: Found, head: EntryHead): Found {
    this.#tiers.update(found.head, head)
    return { ...found, head, freshness: head.freshness }
  }

  remove(head: EntryHead): void {
    this.#tiers.remove(head)
  }

  /** The whole of what is stored under this key has come: what was known of its pieces may be of an older edition. */
  forgetObject(key: string): void {
    const object = objectKey(key)
    // Nearly always there is none, and to look costs less than to write to the disk.
    if (this.#tiers.find(object, []) !== 'uri-miss') this.#tiers.delete(object)
  }

  /** Takes out what is named, and does not store what was asked for before. Whoever says so first tells the others. */
  invalidate({ site, keys, urls, at }: Invalidation): void {
    for (const value of urls) this.#options.purges.add({ site, target: { kind: 'url', value }, soft: false, at })
    // Pieces are found by the head of their object alone.
    for (const key of keys.flatMap((one) => [one, objectKey(one)])) {
      this.#tiers.delete(key)
      this.#flights.forget(key)
      this.#invalidated.delete(key)
      if (this.#invalidated.size >= MOST_INVALIDATED) {
        this.#invalidated.delete(this.#invalidated.keys().next().value!)
      }
      this.#invalidated.set(key, at)
    }
  }

  /** Tells the other processes. */
  onInvalidated(invalidation: Invalidation): void {
    this.#options.onInvalidated?.(invalidation)
  }

  /** Brings what is asked for up from disk, once however many ask. */
  promote(found: Found): void {
    const { key } = found.head
    if (found.tier === 'memory' || this.#promoting.has(key) || !this.hasRoom) return
    this.#promoting.add(key)
    void this.#tiers.promote(found).finally(() => this.#promoting.delete(key))
  }

  async close(): Promise<void> {
    await this.#options.disk?.close()
  }
}
