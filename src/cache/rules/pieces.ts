import { parseContentRange } from '../../delivery/resume.ts'
import { combined, type Fields, without } from './fields.ts'
import { type Part, parseRange } from './ranges.ts'
import { strongTag } from './validators.ts'

/** Bytes of a piece: large objects are stored in these, cut at multiples of it. */
export const PIECE = 2 ** 20
/** Pieces that one question asks for: what comes ahead of its readers is bounded, and so is what a change wastes. */
const MOST_AT_ONCE = 16

/**
 * Which edition of an object bytes belong to. Only those of one edition stand side by side (RFC 9111 section 3.4;
 * RFC 9110 section 15.3.7.3): a strong entity tag says so, and a lying one would not have the same length and coding.
 */
export interface Edition {
  readonly tag: string
  /** Of the whole; bytes. */
  readonly size: number
  /** Content-Encoding; empty: none. */
  readonly coding: string
}

/** null: without a strong validator nothing proves that two parts belong together. */
export function editionOf(fields: Fields, size: number): Edition | null {
  const tag = strongTag(fields)
  return tag === null ? null : { tag, size, coding: combined(fields, 'content-encoding')?.toLowerCase() ?? '' }
}

export function isSameEdition(one: Edition, other: Edition): boolean {
  return one.tag === other.tag && one.size === other.size && one.coding === other.coding
}

/** What the head of an object is stored under; no primary key has an empty line in it. */
export function objectKey(key: string): string {
  return `${key}\n\npieces`
}

/** What a piece is stored under. Another edition has other keys, so that no piece is found for a head that it is not of. */
export function pieceKey(key: string, { tag, size, coding }: Edition, at: number): string {
  return `${objectKey(key)} ${at} ${size} ${coding} ${tag}`
}

/** The number of the piece that a byte is in. */
export function pieceOf(position: number): number {
  return Math.floor(position / PIECE)
}

/** The bytes of some pieces that follow each other. `size`: bytes of the whole; null: unknown. */
export function spanOf(first: number, last: number, size: number | null): Part {
  return { first: first * PIECE, last: Math.min((last + 1) * PIECE, size ?? Number.POSITIVE_INFINITY) - 1 }
}

/** The last piece that may be asked for together with the first. */
export function lastAtOnce(first: number, wanted: number): number {
  return Math.min(wanted, first + MOST_AT_ONCE - 1)
}

/**
 * Which pieces to ask for first, of an object of which nothing is known.
 *
 * @param range the client's Range
 * @returns null: several ranges, or one that is counted from the end, or none that counts
 */
export function firstSpan(range: string | undefined): Part | null {
  const ranges = range === undefined ? null : parseRange(range)
  const [one] = ranges ?? []
  if (one === undefined || ranges!.length > 1 || one.first === null) return null
  const first = pieceOf(one.first)
  const span = spanOf(first, lastAtOnce(first, one.last === null ? Number.POSITIVE_INFINITY : pieceOf(one.last)), null)
  return Number.isSafeInteger(span.last) ? span : null
}

/** What came of the question for some pieces. */
export interface Learned {
  /** The bytes that came: whole pieces, of which the last may be the end of the object. */
  readonly part: Part
  /** Bytes of the whole. */
  readonly size: number
  /** null: the part is of no use beside others. */
  readonly edition: Edition | null
  /** As a 200 would have them. */
  readonly fields: Fields
}

/**
 * @param asked the bytes that the question was for
 * @returns null: no part, another one, or one of which nobody says how large the whole is
 */
export function learn(answer: { readonly status: number; readonly fields: Fields }, asked: Part): Learned | null {
  const { status, fields } = answer
  const range = status === 206 ? parseContentRange(combined(fields, 'content-range')) : null
  if (range === null || range.complete === null) return null
  const { first, last, complete: size } = range
  if (first !== asked.first || last !== Math.min(asked.last, size - 1)) return null
  const ofAll = [...without(fields, OF_THE_PART), 'content-length', String(size)]
  return { part: { first, last }, size, edition: editionOf(fields, size), fields: ofAll }
}

/** Whether it is as good as a 200 (RFC 9110 section 15.3.7.3). */
export function isAll({ part, size }: Learned): boolean {
  return part.first === 0 && part.last === size - 1
}

const OF_THE_PART: ReadonlySet<string> = new Set(['content-range', 'content-length'])
