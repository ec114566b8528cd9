import type { Encoded, EntryHead } from '../../cache/entry.ts'
import type { Freshness } from '../../cache/rules/freshness.ts'
import { type Edition, editionOf, objectKey, pieceOf } from '../../cache/rules/pieces.ts'
import { isProvedEnough } from '../../cache/rules/provenance.ts'
import type { Part } from '../../cache/rules/ranges.ts'
import type { RequestDirectives } from '../../cache/rules/request-directives.ts'
import type { Found } from '../../cache/tiers.ts'
import type { PieceAsking } from './pieces-answer.ts'
import { readPieces } from './pieces-read.ts'
import { select } from './selection.ts'

/** Pieces that are looked for before an answer begins; more of them are looked for when their turn comes. */
const LOOKED_FOR = 64

const NOTHING_ENCODED: Encoded = new Map()

/** An object of which pieces are stored: what is missing is asked for while it is read. */
export class ObjectPieces implements Found {
  readonly head: EntryHead
  readonly freshness: Freshness
  readonly tier = 'disk'
  /** Nothing has to be asked for what the client wants. */
  readonly isHere: boolean
  readonly body = null
  readonly encoded = NOTHING_ENCODED
  readonly read: Found['read']

  constructor(asking: PieceAsking, { head, freshness }: Pick<Found, 'head' | 'freshness'>, isHere: boolean) {
    this.head = head
    this.freshness = freshness
    this.isHere = isHere
    this.read = (part) => readPieces({ asking, head, edition: editionOf(head.fields, head.size!)! }, part)
  }
}

/**
 * What is known of an object, for a request that its head or pieces of it may answer; null: nothing that would. A whole of
 * which something is missing is asked for as one: it comes from one upstream then, in one edition.
 */
export function findPieces(asking: PieceAsking, { onlyIfCached }: RequestDirectives): ObjectPieces | null {
  const { exchange, asked, caching } = asking
  const { admitted, services } = exchange
  const found = services.cache.find(objectKey(asked.key), admitted.raw.rawHeaders)
  if (typeof found === 'string') return null
  const size = found.head.size!
  const edition = editionOf(found.head.fields, size)
  if (edition === null) return null
  const { parts } = select(admitted, found.head, size, Date.now())
  const isWhole = parts === null && admitted.method === 'GET'
  const wanted = isWhole ? [{ first: 0, last: size - 1 }] : (parts ?? [])
  const isHere = wanted.every((part) => hasPieces(asking, edition, part))
  if (isWhole && !isHere) return null
  const mayAsk = services.cache.hasRoom && !(onlyIfCached && caching.rules.requestDirectives === 'honour')
  return isHere || mayAsk ? new ObjectPieces(asking, found, isHere) : null
}

/** What another client's question came to, to be read in the name of this one. */
export function ownPieces(asking: PieceAsking, found: Found): Found {
  return found.head.parts === null ? found : new ObjectPieces(asking, found, false)
}

function hasPieces({ exchange, asked, caching }: PieceAsking, edition: Edition, { first, last }: Part): boolean {
  const end = pieceOf(last)
  if (end - pieceOf(first) >= LOOKED_FOR) return false
  for (let at = pieceOf(first); at <= end; at++) {
    const found = exchange.services.cache.findPiece(asked.key, edition, at)
    if (found === null || !isProvedEnough(found.head.proof, caching.requiredProof)) return false
  }
  return true
}
