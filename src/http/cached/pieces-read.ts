import type { Landed } from '../../cache/cache.ts'
import { Coming } from '../../cache/coming.ts'
import type { EntryHead } from '../../cache/entry.ts'
import {
  type Edition,
  isSameEdition,
  lastAtOnce,
  learn,
  PIECE,
  pieceKey,
  pieceOf,
  spanOf,
} from '../../cache/rules/pieces.ts'
import { isProvedEnough } from '../../cache/rules/provenance.ts'
import type { Part } from '../../cache/rules/ranges.ts'
import type { Found } from '../../cache/tiers.ts'
import { countAsking } from '../record.ts'
import { Fetch, type FetchPart, type FirstAsker } from './fetch.ts'
import { type PieceAsking, piecesIn, rangeOf } from './pieces-answer.ts'
import { type Leading, PieceRun } from './pieces-run.ts'

/** The object that is read, for one client. */
export interface PieceReading {
  readonly asking: PieceAsking
  /** Of the object. */
  readonly head: EntryHead
  readonly edition: Edition
}

/** Another client may have asked for a piece in vain: how often one is sought. */
const MOST_TRIES = 3

/**
 * Reads a part of an object: what is stored from the store, the rest from whoever asks for it, in order and no faster
 * than it is taken. Throws where a piece cannot be had, or the upstream has another edition by now.
 */
export function readPieces(reading: PieceReading, part: Part): AsyncIterable<Buffer> {
  return {
    [Symbol.asyncIterator]: () => {
      const place = new Place()
      const pieces = walk(reading, part, place)
      return {
        next: () => pieces.next(),
        // A generator that waits for a byte hears of it when the byte has come, which may be never.
        return: async () => {
          place.leave()
          void pieces.return(undefined)
          return { done: true, value: undefined }
        },
      }
    },
  }
}

async function* walk(reading: PieceReading, { first, last }: Part, place: Place): AsyncGenerator<Buffer, undefined> {
  try {
    for (let at = pieceOf(first); at <= pieceOf(last); at++) {
      const within = { first: Math.max(first - at * PIECE, 0), last: Math.min(last - at * PIECE, PIECE - 1) }
      const piece = await pieceAt(reading, at, pieceOf(last))
      const coming = piece instanceof Coming ? piece : null
      place.move(coming)
      if (place.isLeft) return
      yield* coming === null ? (piece as Found).read(within) : coming.body.reader(within.first, within.last)!
    }
  } finally {
    place.leave()
  }
}

/** Where a reader is, among the pieces that are coming. */
class Place {
  isLeft = false
  #at: Coming | null = null

  /**
   * Entered before the last one is left: the run that brings both has a reader all the time. A piece that is stored
   * already (null) may stand between them: a run is ahead of its reader.
   */
  move(to: Coming | null): void {
    if (to !== null) {
      to.enter()
      this.#at?.leave()
      this.#at = to
    }
    // Whoever was asked for it hears that it is for nobody.
    if (this.isLeft) this.leave()
  }

  leave(): void {
    this.isLeft = true
    const at = this.#at
    this.#at = null
    at?.leave()
  }
}

async function pieceAt(reading: PieceReading, at: number, last: number): Promise<Coming | Found> {
  const { exchange, asked, caching } = reading.asking
  const { cache } = exchange.services
  const key = pieceKey(asked.key, reading.edition, at)
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const found = cache.findPiece(asked.key, reading.edition, at)
    if (found !== null && isProvedEnough(found.head.proof, caching.requiredProof)) {
      if (found.tier === 'disk') cache.promote(found)
      return found
    }
    const boarding = cache.board(key)
    const isWaiter = boarding.role === 'waiter'
    const coming = isWaiter
      ? comingOf(await boarding.landed)
      : await lead(reading, at, last, boarding.role === 'leader' ? boarding : null)
    if (coming !== null && isProvedEnough(coming.head.proof, caching.requiredProof)) return coming
    if (!isWaiter) break
  }
  throw new Error('a piece of this object could not be had')
}

function comingOf(landed: Landed | null): Coming | null {
  return landed?.kind === 'coming' ? landed.coming : null
}

/**
 * Asks for a piece, and those behind it that are wanted, not stored and not asked for by others.
 *
 * @param flight null: nobody else may wait for it, and it comes alone
 * @returns null: it could not be had
 */
function lead(reading: PieceReading, at: number, last: number, flight: Leading | null): Promise<Coming | null> {
  const { asking, head, edition } = reading
  const { exchange } = asking
  const flights = flight === null ? [null] : [flight, ...further(reading, at + 1, lastAtOnce(at, last))]
  const span = spanOf(at, at + flights.length - 1, edition.size)
  const { promise, resolve } = Promise.withResolvers<Coming | null>()
  let run: PieceRun | null = null
  const part: FetchPart = {
    conditions: ['range', rangeOf(span), 'if-range', edition.tag],
    take: (answer, upstream) => {
      const pieces = piecesIn(asking, answer, learn(answer, span))
      if (pieces === null || !isSameEdition(pieces.edition, edition)) {
        // Nothing that is stored is of the edition that there is now.
        if (answer.status < 500) exchange.services.cache.remove(head)
        return { kind: 'pass', lasting: false }
      }
      run = new PieceRun({ ...pieces, cache: exchange.services.cache, key: asking.asked.key, flights, upstream })
      resolve(run.pieces[0]!)
      return { kind: 'taken', to: run, landed: null }
    },
  }
  const asker: FirstAsker = {
    landed: () => {},
    passing: () => null,
    interim: () => {},
    again: () => {},
    refused: () => 0,
    ended: ({ records: attempts, resumes }, decision) => {
      countAsking(exchange.services.metrics, { decision, attempts, resumes })
      if (run === null) for (const one of flights) one?.done()
      resolve(null)
    },
  }
  new Fetch({ ...asking, stored: null, part, flight: null, asker }).start()
  return promise
}

function further({ asking, edition }: PieceReading, from: number, to: number): Leading[] {
  const { cache } = asking.exchange.services
  const flights: Leading[] = []
  for (let at = from; at <= to; at++) {
    if (cache.findPiece(asking.asked.key, edition, at) !== null) break
    const boarding = cache.board(pieceKey(asking.asked.key, edition, at))
    if (boarding.role === 'waiter') boarding.leave()
    if (boarding.role !== 'leader') break
    flights.push(boarding)
  }
  return flights
}
