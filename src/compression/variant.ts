import { type Fields, single } from '../cache/rules/fields.ts'
import { encodedFields, variedFields } from './encoded-fields.ts'
import { notModifiedTag } from './encoded-tag.ts'
import type { Encoding } from './encoding.ts'
import { type AnswerHead, forbidsTransform, mayCompress } from './may-compress.ts'
import { negotiate } from './negotiate.ts'
import type { CompressSettings } from './settings.ts'

/** What of a request chooses between the variants of its answer: fields by their lower-case names. */
export interface Chooser {
  header(name: string): string | null
}

/** Which variant a client gets of an answer, and with which fields. */
export interface ChosenVariant {
  /** null: the content goes as it came. */
  readonly encoding: Encoding | null
  /** Flat lists; `identity` is for when there is no room to encode. */
  readonly fields: string[]
  readonly identity: string[]
}

/**
 * Chooses the variant of an answer to GET or HEAD: HEAD has the fields that GET would have (RFC 9110 section 9.3.2).
 *
 * @param head of the answer without any coding of ours
 */
export function chooseVariant(asked: Chooser, head: AnswerHead, settings: CompressSettings): ChosenVariant {
  if (head.status === 304) return asItIs(notModified(asked, head.fields, settings))
  if (head.status === 206) return asItIs(partOf(head.fields, settings))
  if (!mayCompress(head, settings)) return asItIs([...head.fields])
  const identity = variedFields(head.fields)
  const encoding = wantedEncoding(asked, settings)
  return { encoding, identity, fields: encoding === null ? identity : encodedFields(head.fields, encoding) }
}

/** What was negotiated by what clients sent: most send one of a few lists. */
const NEGOTIATED = new WeakMap<CompressSettings, Map<string, Encoding | null>>()
/** Texts for each Policy, none of them long: a client may invent as many as it likes. */
const MOST_NEGOTIATED = 64
const LONGEST_NEGOTIATED = 128

/** The coding that a client is to get of whatever has one; null: none. */
export function wantedEncoding(asked: Chooser, settings: CompressSettings): Encoding | null {
  const accepted = asked.header('accept-encoding')
  if (accepted === null || forbidsTransform(asked.header('cache-control'))) return null
  const known = NEGOTIATED.get(settings) ?? new Map<string, Encoding | null>()
  const before = known.get(accepted)
  if (before !== undefined) return before
  const wanted = negotiate(accepted, settings.encodings)
  if (known.size < MOST_NEGOTIATED && accepted.length <= LONGEST_NEGOTIATED) {
    NEGOTIATED.set(settings, known.set(accepted, wanted))
  }
  return wanted
}

const asItIs = (fields: string[]): ChosenVariant => ({ encoding: null, fields, identity: fields })

/** A part is always one of the variant without a coding; its whole has others. */
function partOf(fields: Fields, { types }: CompressSettings): string[] {
  const type = single(fields, 'content-type')
  return type !== null && types.has(type) ? variedFields(fields) : [...fields]
}

/** RFC 9110 section 15.4.5: ETag and Vary are those that the 200 would have had. */
function notModified(asked: Chooser, fields: Fields, settings: CompressSettings): string[] {
  const encoding = wantedEncoding(asked, settings)
  const etag = single(fields, 'etag')
  if (encoding === null || etag === null) return [...fields]
  const tag = notModifiedTag(etag, asked.header('if-none-match'), encoding)
  if (tag === etag) return [...fields]
  return variedFields(fields.map((text, at) => (at % 2 === 1 && fields[at - 1]!.toLowerCase() === 'etag' ? tag : text)))
}
