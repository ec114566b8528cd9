import { Body } from './body.ts'
import type { DiskEntry, DiskTier } from './disk.ts'
import type { Encoded, Entry, EntryHead } from './entry.ts'
import type { MemoryTier } from './memory.ts'
import type { Purge, Purged, Purges } from './purges.ts'
import type { Fields } from './rules/fields.ts'
import { endedAt, type Freshness } from './rules/freshness.ts'
import type { Part } from './rules/ranges.ts'

/** A stored answer that a request matches, wherever it is. */
export interface Found {
  readonly head: EntryHead
  readonly tier: 'memory' | 'disk'
  /** Of its head; where a purge was soft it ended with that. */
  readonly freshness: Freshness
  /** All of its bytes, where they are in memory; null: they have to be read. */
  readonly body: Body | null
  /** What was kept of it in codings. */
  readonly encoded: Encoded
  read(part: Part): AsyncIterable<Buffer>
}

export interface TiersOptions {
  readonly memory: MemoryTier
  /** null: nothing is kept on disk. */
  readonly disk: DiskTier | null
  readonly purges: Purges
  /** Bytes: what is larger goes to disk only. */
  readonly maxInMemory: number
}

/** Memory above disk: what is asked for comes up, what is stored goes to both. */
export class Tiers {
  readonly #options: TiersOptions

  constructor(options: TiersOptions) {
    this.#options = options
  }

  find(key: string, request: Fields): Found | 'vary-miss' | 'uri-miss' {
    const { memory, disk } = this.#options
    const inMemory = memory.find(key, request)
    if (typeof inMemory !== 'string') {
      const purged = this.#options.purges.check(inMemory.head)
      if (purged !== 'hard') return fromMemory(inMemory, freshnessAfter(inMemory.head, purged))
      memory.remove(inMemory)
    }
    const onDisk = disk?.find(key, request) ?? 'uri-miss'
    if (typeof onDisk === 'string') return inMemory === 'vary-miss' || onDisk === 'vary-miss' ? 'vary-miss' : 'uri-miss'
    const purged = this.#options.purges.check(onDisk.head)
    if (purged !== 'hard') return fromDisk(onDisk, freshnessAfter(onDisk.head, purged))
    disk?.remove(onDisk.head)
    return 'uri-miss'
  }

  /** What is in memory and was not purged, and only that; null: `find` knows more. */
  findReady(key: string, request: Fields): Found | null {
    const { memory, purges } = this.#options
    const entry = memory.findReady(key, request)
    return entry === null || purges.check(entry.head) !== 'no' ? null : fromMemory(entry, entry.head.freshness)
  }

  /**
   * Stores an answer whose bytes may still be coming: in memory and on disk when they have come. False: they did not
   * come to their end, or are too large for where they could be.
   *
   * @param most bytes; what turns out to be larger is not stored
   */
  async put(head: EntryHead, body: Body, most = Number.POSITIVE_INFINITY): Promise<boolean> {
    const inMemory = this.#putInMemory(head, body, most)
    const reader = this.#options.disk === null ? null : body.reader()
    const isOnDisk = reader !== null && (await this.#options.disk!.put(head, upTo(reader, most)))
    return (await inMemory) || isOnDisk
  }

  async #putInMemory(head: EntryHead, body: Body, most: number): Promise<boolean> {
    await body.ended
    if (body.state !== 'complete' || body.isOverLimit) return false
    if (body.bytes > Math.min(most, this.#options.maxInMemory)) return false
    this.#options.memory.put({ head: head.size === null ? { ...head, size: body.bytes } : head, body })
    return true
  }

  /**
   * Brings an answer up from disk, all of it, so that the next one finds it in memory. Returns it as it is there, or as
   * it was where it is too large, or damaged and gone from disk now.
   */
  async promote(found: Found): Promise<Found> {
    const { head, tier, freshness, read } = found
    const { memory, maxInMemory } = this.#options
    if (tier === 'memory' || head.size === null || head.parts !== null || head.size > maxInMemory) return found
    const body = new Body()
    try {
      for await (const chunk of read({ first: 0, last: head.size - 1 })) body.append(chunk)
    } catch {
      return found
    }
    body.end()
    memory.put({ head, body })
    return fromMemory({ head, body }, freshness)
  }

  /** Newer fields for a stored answer (RFC 9111 section 3.2), wherever it is. */
  update(before: EntryHead, after: EntryHead): void {
    const { memory, disk } = this.#options
    const stored = memory.peek(before)
    if (stored !== null) {
      memory.remove(stored)
      // The content is the same, and so is what was made of it.
      memory.put({ ...stored, head: after })
    }
    disk?.update(before, after)
  }

  remove(head: EntryHead): void {
    const { memory, disk } = this.#options
    const stored = memory.peek(head)
    if (stored !== null) memory.remove(stored)
    disk?.remove(head)
  }

  /** Takes out all that is stored for a URL, as an unsafe method does (RFC 9111 section 4.4). */
  delete(key: string): void {
    this.#options.memory.delete(key)
    this.#options.disk?.delete(key)
  }

  /** Whatever was stored until then does not count any more, here; `Purges` of other processes have to be told. */
  purge(purge: Purge): void {
    this.#options.purges.add(purge)
  }
}

async function* upTo(source: AsyncIterable<Buffer>, most: number): AsyncGenerator<Buffer> {
  let bytes = 0
  for await (const chunk of source) {
    bytes += chunk.length
    if (bytes > most) throw new Error('this answer is larger than what is stored')
    yield chunk
  }
}

function freshnessAfter({ freshness }: EntryHead, purged: Exclude<Purged, 'hard'>): Freshness {
  return purged === 'no' ? freshness : endedAt(freshness, purged.staleSince)
}

const NOTHING_ENCODED: Encoded = new Map()

function fromMemory({ head, body, encoded = NOTHING_ENCODED }: Entry, freshness: Freshness): Found {
  const read = (part: Part) => body.reader(part.first, part.last)!
  return { head, tier: 'memory', freshness, body, encoded, read }
}

function fromDisk({ head, read }: DiskEntry, freshness: Freshness): Found {
  return { head, tier: 'disk', freshness, body: null, encoded: NOTHING_ENCODED, read }
}
