import type { Encoding } from '../compression/encoding.ts'
import type { Body } from './body.ts'
import type { Claims } from './claims.ts'
import type { Coming } from './coming.ts'
import type { DiskTier } from './disk.ts'
import type { EntryHead } from './entry.ts'
import { type Boarding, Flights } from './flights.ts'
import type { Invalidation } from './invalidation.ts'
import { MemoryTier } from './memory.ts'
import type { Purges } from './purges.ts'
import type { Fields } from './rules/fields.ts'
import { type Edition, objectKey, pieceKey } from './rules/pieces.ts'
import { shortKey } from './short-key.ts'
import { type Found, Tiers } from './tiers.ts'
import { type Look, type Turn, type Turned, Turns } from './turns.ts'

/**
 * What a fetch comes to, for all who waited for it: an answer that is coming; one of which pieces are coming; a stored
 * one that was confirmed; one that is stale, because nobody could be asked; or one that another process asked for and
 * stored.
 */
export type Landed =
  | { readonly kind: 'coming'; readonly coming: Coming }
  | { readonly kind: 'pieces' | 'confirmed' | 'stale' | 'shared'; readonly found: Found }

export interface CacheOptions {
  /** Bytes, of this process. */
  readonly memory: number
  readonly disk: DiskTier | null
  /** Who asks for what, among the processes that share the disk. null: each asks for itself, or there is but one. */
  readonly claims: Claims | null
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
/** Bytes: for what is larger no other process waits. */
const LARGEST_SHARED = 2 ** 23
const WAITING = { maxWaiting: 20_000, maxWaitingInAll: 50_000, maxMarkers: 50_000 }
/** How many invalidations are remembered: as many as answers may be on their way. */
const MOST_INVALIDATED = 10_000

/** The answers that are stored and those that are coming, in one process. It outlives reloads. */
export class Cache {
  readonly #options: CacheOptions
  readonly #memory: MemoryTier
  readonly #tiers: Tiers
  readonly #flights: Flights<Landed>
  readonly #turns: Turns | null
  readonly #coming = new Set<Coming>()
  readonly #promoting = new Set<string>()
  /** When what was stored for a (short) key stopped to count: an answer that was asked for before then is not stored. */
  readonly #invalidated = new Map<string, number>()
  /** Bytes: what is larger is on disk only, and nobody can join it once so much of it has come. */
  readonly maxInMemory: number

  constructor(options: CacheOptions) {
    const { memory, disk, claims, purges, now, after } = options
    this.#options = options
    this.maxInMemory = Math.floor(memory / LARGEST_PART)
    this.#memory = new MemoryTier({ maxBytes: memory })
    this.#tiers = new Tiers({ memory: this.#memory, disk, purges, maxInMemory: this.maxInMemory })
    const onUnshared = (key: string, until: number) => this.#flights.mark(key, until)
    this.#turns = claims === null ? null : new Turns({ claims, onUnshared, now, after })
    const onEnded = (key: string) => this.#turns?.release(key)
    this.#flights = new Flights({ ...WAITING, maxWait: MAX_WAIT, hitForMiss: HIT_FOR_MISS, onEnded, now, after })
  }

  get memory(): Pick<MemoryTier, 'bytes' | 'size' | 'evictions' | 'rejections'> {
    return this.#memory
  }

  /** null: there is none. */
  get disk(): { readonly bytes: number; readonly entries: number } | null {
    return this.#options.disk?.usage ?? null
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
    return this.#counting(this.#tiers.find(key, request))
  }

  /** What can be served without waiting for anything; null: `find` knows more. */
  findReady(key: string, request: Fields): Found | null {
    const found = this.#tiers.findReady(key, request)
    return found !== null && this.#counts(found.head) ? found : null
  }

  /**
   * Whether something was said since an answer was asked for, after which it is not for those who ask now. A soft purge
   * says nothing against what is served `asStale`.
   */
  isOutdated(head: EntryHead, asStale = false): boolean {
    const purged = this.#options.purges.check(head)
    return !this.#counts(head) || purged === 'hard' || (purged !== 'no' && !asStale)
  }

  /** A piece of the object that is stored under a primary key; null: it has to be asked for. */
  findPiece(key: string, edition: Edition, at: number): Found | null {
    const found = this.#tiers.find(pieceKey(key, edition, at), [])
    if (typeof found === 'string') return null
    return this.#counts({ key: objectKey(key), confirmedAt: found.head.confirmedAt }) ? found : null
  }

  board(key: string): Boarding<Landed> {
    const landed = this.#flights.landed(key)
    if (landed?.kind === 'coming' && this.isOutdated(landed.coming.head)) this.#flights.forget(key)
    return this.#flights.board(key)
  }

  /** For who leads a flight for what is not stored: whether it asks now, or another process does already. */
  turn(key: string, look: Look<Found>): 'ask' | 'alone' | Turn<Found> {
    const turn = this.#turns?.take(key, () => this.#counting(look())) ?? 'ask'
    if (typeof turn === 'string') return turn
    return { ...turn, over: turn.over.then((turned) => this.#raised(turned)) }
  }

  /** Says that answers for this key are not for others for now. */
  mark(key: string): void {
    this.#flights.mark(key)
    this.#turns?.mark(key, this.#options.now() + HIT_FOR_MISS)
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
    if ((head.size ?? 0) > LARGEST_SHARED) this.#turns?.release(head.key)
    const stored = await this.#tiers.put(head, body, most)
    this.#coming.delete(coming)
    if (!stored) return
    if (this.#flights.unmark(head.key)) this.#turns?.unmark(head.key)
    if (!this.#counts(head)) this.#tiers.remove(head)
  }

  /** Keeps what a stored body is in a coding, as long as the body itself. What is not in memory any more keeps nothing. */
  keepEncoded(key: string, body: Body, encoding: Encoding, content: Buffer): void {
    this.#memory.putEncoded(key, body, encoding, content)
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
      this.#turns?.release(key)
      const name = shortKey(key)
      this.#invalidated.delete(name)
      if (this.#invalidated.size >= MOST_INVALIDATED) {
        this.#invalidated.delete(this.#invalidated.keys().next().value!)
      }
      this.#invalidated.set(name, at)
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

  /** Whether nothing said since that it is not to be used any more. */
  #counts({ key, confirmedAt }: Pick<EntryHead, 'key' | 'confirmedAt'>): boolean {
    if (this.#invalidated.size === 0) return true
    return (this.#invalidated.get(shortKey(key)) ?? Number.NEGATIVE_INFINITY) < confirmedAt
  }

  /** What does not count is being taken out: another process may not have heard, one tier may wait for the other. */
  #counting(found: ReturnType<Look<Found>>): ReturnType<Look<Found>> {
    return typeof found === 'string' || this.#counts(found.head) ? found : 'uri-miss'
  }

  /** Read once for all who wait for it, where it is small enough. */
  async #raised(turned: Turned<Found>): Promise<Turned<Found>> {
    return typeof turned === 'string' || !this.hasRoom ? turned : this.#tiers.promote(turned)
  }

  async close(): Promise<void> {
    this.#turns?.close()
    await this.#options.disk?.close()
  }
}
