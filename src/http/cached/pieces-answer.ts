import type { EntryHead } from '../../cache/entry.ts'
import { type Edition, type Learned, objectKey } from '../../cache/rules/pieces.ts'
import type { Part } from '../../cache/rules/ranges.ts'
import { whyUnstorable } from '../../cache/rules/storable.ts'
import type { Asking } from './cache-miss.ts'
import { type Answer, entryHead } from './entry-head.ts'
import { sharedRequest } from './keyed-request.ts'

/** A client's request, as far as the pieces of its object are asked for. */
export type PieceAsking = Pick<Asking, 'exchange' | 'asked' | 'caching'>

/** An answer that brings pieces. */
export interface PiecesAnswer {
  readonly edition: Edition
  /** Of the object: how it is found, and what its freshness is. */
  readonly head: EntryHead
  readonly part: Part
}

/** Why a shared cache may not store what came; null: it may. */
export function whyNotForAll({ exchange, caching }: PieceAsking, answer: Answer) {
  return whyUnstorable({ method: 'GET', fields: exchange.admitted.raw.rawHeaders }, answer, caching.rules)
}

/** null: what came is not to be stored as pieces. */
export function piecesIn(asking: PieceAsking, answer: Answer, learned: Learned | null): PiecesAnswer | null {
  if (learned === null || learned.edition === null || whyNotForAll(asking, answer) !== null) return null
  const { exchange, asked, caching } = asking
  const all = { ...answer, status: 200, fields: learned.fields }
  const head = entryHead(sharedRequest(exchange.admitted, asked), asked, all, caching.rules)
  return { edition: learned.edition, part: learned.part, head: { ...head, key: objectKey(asked.key), parts: [] } }
}

/** The value of Range. */
export function rangeOf({ first, last }: Part): string {
  return `bytes=${first}-${last}`
}
