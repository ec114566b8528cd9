import type { Encoding } from '../compression/encoding.ts'
import type { Body } from './body.ts'
import { type Entry, type EntryHead, entryBytes } from './entry.ts'
import type { Fields } from './rules/fields.ts'
import { selectVariant } from './rules/vary.ts'
import { ByteStore } from './store.ts'

/** All variants of one URL that are in memory, the most recent first. */
interface Resource {
  readonly variants: readonly Variant[]
  /** Theirs, in the same order. */
  readonly heads: readonly EntryHead[]
  readonly bytes: number
}

interface Variant {
  readonly entry: Entry
  readonly bytes: number
}

export interface MemoryOptions {
  /** Bytes of all heads and bodies together. */
  readonly maxBytes: number
}

/** More would let a client fill the memory with variants of one URL, and make each look-up longer. */
const MOST_VARIANTS = 16

/** The tier of the cache in this process's memory: complete answers, by primary key and Vary. */
export class MemoryTier {
  readonly #store: ByteStore<Resource>

  constructor({ maxBytes }: MemoryOptions) {
    this.#store = new ByteStore({ maxBytes })
  }

  get bytes(): number {
    return this.#store.bytes
  }

  get size(): number {
    return this.#store.size
  }

  get evictions(): number {
    return this.#store.evictions
  }

  get rejections(): number {
    return this.#store.rejections
  }

  /**
   * The stored answer that a request matches. `vary-miss`: there are others for this URL; `uri-miss`: there is none
   * (RFC 9211 section 2.2).
   */
  find(key: string, request: Fields): Entry | 'vary-miss' | 'uri-miss' {
    const resource = this.#store.get(key)
    return resource === undefined ? 'uri-miss' : (variantOf(resource, request) ?? 'vary-miss')
  }

  /** The same for who asks again where there is none: null, and nothing counts as asked for. */
  findReady(key: string, request: Fields): Entry | null {
    const resource = this.#store.getIfThere(key)
    return resource === undefined ? null : variantOf(resource, request)
  }

  /** The answer that a head speaks of, if it is still that one. Counts as nothing. */
  peek(head: EntryHead): Entry | null {
    const variants = this.#store.peek(head.key)?.variants ?? []
    return (
      variants.find(({ entry }) => isSame(entry.head, head) && entry.head.storedAt === head.storedAt)?.entry ?? null
    )
  }

  /** Puts a complete answer in the place of the one that the same requests match. */
  put(entry: Entry): void {
    const { key } = entry.head
    const others = this.#others(entry)
    this.#set(key, [{ entry, bytes: entryBytes(entry) }, ...others].slice(0, MOST_VARIANTS))
  }

  /**
   * Adds what a body is in a coding to the answer that has this body. False: there is none any more, or no room for it;
   * the answer stays then as it is.
   */
  putEncoded(key: string, body: Body, encoding: Encoding, content: Buffer): boolean {
    const variants = this.#store.peek(key)?.variants ?? []
    const at = variants.findIndex(({ entry }) => entry.body === body)
    if (at < 0) return false
    const { entry } = variants[at]!
    const more = { ...entry, encoded: new Map(entry.encoded).set(encoding, content) }
    const resource = resourceOf(variants.with(at, { entry: more, bytes: entryBytes(more) }))
    return this.#store.grow(key, resource, resource.bytes)
  }

  /** Takes one answer out, whatever became of the others for its URL. */
  remove(entry: Entry): void {
    this.#set(entry.head.key, this.#others(entry))
  }

  /** Takes out all answers for a URL. */
  delete(key: string): void {
    this.#store.delete(key)
  }

  /** All entries; it may change while it is read. */
  *entries(): Generator<Entry> {
    for (const [, { variants }] of this.#store.entries()) for (const { entry } of variants) yield entry
  }

  #others({ head }: Entry): Variant[] {
    const variants = this.#store.peek(head.key)?.variants ?? []
    return variants.filter(({ entry }) => !isSame(entry.head, head))
  }

  #set(key: string, variants: readonly Variant[]): void {
    if (variants.length === 0) return this.#store.delete(key)
    const resource = resourceOf(variants)
    this.#store.set(key, resource, resource.bytes)
  }
}

function variantOf({ heads, variants }: Resource, request: Fields): Entry | null {
  const found = selectVariant(heads, request)
  return found === null ? null : variants[heads.indexOf(found)]!.entry
}

function resourceOf(variants: readonly Variant[]): Resource {
  const bytes = variants.reduce((sum, one) => sum + one.bytes, 0)
  return { variants, heads: variants.map(({ entry }) => entry.head), bytes }
}

/** Whether the same requests match them. */
function isSame(one: EntryHead, other: EntryHead): boolean {
  return one.secondaryKey === other.secondaryKey && one.varyNames.join() === other.varyNames.join()
}
