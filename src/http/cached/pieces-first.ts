import { Body } from '../../cache/body.ts'
import type { Cache } from '../../cache/cache.ts'
import { Coming } from '../../cache/coming.ts'
import type { EntryHead } from '../../cache/entry.ts'
import {
  editionOf,
  firstSpan,
  isAll,
  isSameEdition,
  learn,
  objectKey,
  PIECE,
  pieceKey,
  pieceOf,
  spanOf,
} from '../../cache/rules/pieces.ts'
import type { Part } from '../../cache/rules/ranges.ts'
import type { Found } from '../../cache/tiers.ts'
import type { Answer } from './entry-head.ts'
import type { FetchPart, PartUpstream, Taken } from './fetch.ts'
import { type PieceAsking, type PiecesAnswer, piecesIn, rangeOf, whyNotForAll } from './pieces-answer.ts'
import { ObjectPieces } from './pieces-object.ts'
import { PieceRun } from './pieces-run.ts'

/**
 * Which pieces to ask for where the head of their object is not known or has to be confirmed; null: the whole is asked
 * for. What turns out to be small comes as a whole all the same.
 *
 * @param stored what is to be confirmed, if anything
 */
export function firstPart(asking: PieceAsking, stored: Found | null): FetchPart | null {
  const { exchange, asked } = asking
  const { cache } = exchange.services
  const { method, raw } = exchange.admitted
  const span = firstSpan(raw.headers.range)
  if (stored === null) {
    if (span === null || method !== 'GET' || cache.largest < PIECE || cache.isMarked(objectKey(asked.key))) return null
    return partOf(asking, null, span)
  }
  // RFC 9110 section 13.2.2: its condition is looked at before the range, so a 304 brings nothing.
  return stored.head.parts === null ? null : partOf(asking, stored.head, span ?? spanOf(0, 0, null))
}

function partOf(asking: PieceAsking, stored: EntryHead | null, span: Part): FetchPart {
  return {
    conditions: ['range', rangeOf(span)],
    take: (answer, upstream) => take({ asking, stored, span, upstream }, answer),
  }
}

interface Question {
  readonly asking: PieceAsking
  readonly stored: EntryHead | null
  readonly span: Part
  readonly upstream: PartUpstream
}

function take({ asking, stored, span, upstream }: Question, answer: Answer): Taken {
  const { exchange, asked, caching } = asking
  const { cache } = exchange.services
  const learned = learn(answer, span)
  if (learned !== null && isAll(learned) && learned.size <= Math.min(caching.maxObject, cache.largest)) {
    return { kind: 'whole', answer: { ...answer, status: 200, fields: learned.fields } }
  }
  const pieces = cache.hasRoom ? piecesIn(asking, answer, learned) : null
  if (pieces === null) {
    // The next ones ask for the whole, which may be stored where its parts may not.
    if (answer.status < 500) cache.mark(objectKey(asked.key))
    if (answer.status !== 206 && answer.status !== 416) return { kind: 'whole', answer }
    return { kind: 'pass', lasting: answer.status === 206 && whyNotForAll(asking, answer) !== null }
  }
  if (stored !== null && !isOf(stored, pieces)) cache.forgetObject(asked.key)
  storeObject(cache, pieces.head)
  const found = new ObjectPieces(asking, { head: pieces.head, freshness: pieces.head.freshness }, false)
  const to = new PieceRun({ ...pieces, cache, key: asked.key, flights: flightsOf(cache, asked.key, pieces), upstream })
  return { kind: 'taken', to, landed: { kind: 'pieces', found } }
}

function isOf({ fields, size }: EntryHead, { edition }: PiecesAnswer): boolean {
  const stored = editionOf(fields, size!)
  return stored !== null && isSameEdition(stored, edition)
}

/** Others may have asked for one of them meanwhile: theirs is as good. */
function flightsOf(cache: Cache, key: string, { edition, part }: PiecesAnswer) {
  const [first, last] = [pieceOf(part.first), pieceOf(part.last)]
  return Array.from({ length: last - first + 1 }, (_, index) => {
    const boarding = cache.board(pieceKey(key, edition, first + index))
    if (boarding.role === 'waiter') boarding.leave()
    return boarding.role === 'leader' ? boarding : null
  })
}

/** What is known of an object besides its pieces. */
function storeObject(cache: Cache, head: EntryHead): void {
  const none = new Body()
  none.end()
  void cache.store(new Coming(head, none, 0, () => {}), PIECE)
}
