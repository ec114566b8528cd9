import type { Encoding } from '../compression/encoding.ts'
import type { Body } from './body.ts'
import type { Fields } from './rules/fields.ts'
import type { Freshness } from './rules/freshness.ts'
import type { StoredProof } from './rules/provenance.ts'
import type { Part } from './rules/ranges.ts'
import type { Variant } from './rules/vary.ts'

/** What is stored of an answer besides its content. Everything in it can be written as JSON. */
export interface EntryHead extends Variant {
  /** The primary key. */
  readonly key: string
  readonly site: string
  /** The absolute URL in its one spelling, without what the key leaves out: what purges compare with. */
  readonly url: string
  readonly status: number
  readonly fields: Fields
  readonly freshness: Freshness
  /** When it was first stored, and last confirmed; milliseconds since the epoch. */
  readonly storedAt: number
  readonly confirmedAt: number
  /** Name of the Cdn that it came from; null: the Origin. */
  readonly cdn: string | null
  /** How it was proved: what a Policy may require. */
  readonly proof: StoredProof
  /** Of Cache-Tag or Surrogate-Key. */
  readonly tags: readonly string[]
  /** Bytes of the whole representation; null: unknown while it comes. */
  readonly size: number | null
  /** What is there of it; null: all of it. */
  readonly parts: readonly Part[] | null
}

/** A stored answer, or one that is coming. */
export interface Entry {
  readonly head: EntryHead
  readonly body: Body
  /** The same content as it was compressed for clients. The head is that of the body. */
  readonly encoded?: Encoded
}

/** Complete contents by their coding: a rendering of one body, which is as good or as stale as that is. */
export type Encoded = ReadonlyMap<Encoding, Buffer>

/** Bytes of memory that an entry takes, about. */
export function entryBytes({ head, body, encoded }: Entry): number {
  let bytes = headBytes(head) + body.bytes
  if (encoded !== undefined) for (const content of encoded.values()) bytes += content.length
  return bytes
}

/** Bytes of memory that a head takes, about: texts, and what objects cost. */
function headBytes(head: EntryHead): number {
  let characters = head.key.length + head.url.length + head.secondaryKey.length
  for (const text of head.fields) characters += text.length + PER_TEXT
  for (const tag of head.tags) characters += tag.length + PER_TEXT
  return characters + PER_ENTRY
}

const PER_TEXT = 16
const PER_ENTRY = 512

/** Tags are few and short, or do not count: what purges may look at for each hit. */
const MOST_TAGS = 64
const LONGEST_TAG = 256

/** What Cache-Tag (separated by commas) and Surrogate-Key (by blanks) list, once each. */
export function tagsOf(cacheTag: string | null, surrogateKey: string | null): string[] {
  const listed = [...(cacheTag?.split(',') ?? []), ...(surrogateKey?.split(/[ \t]+/) ?? [])]
  const tags = new Set(listed.map((tag) => tag.trim()).filter((tag) => tag !== '' && tag.length <= LONGEST_TAG))
  return [...tags].slice(0, MOST_TAGS)
}
