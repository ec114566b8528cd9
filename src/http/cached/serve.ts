import type { Coming } from '../../cache/coming.ts'
import type { Encoded } from '../../cache/entry.ts'
import { type CacheOutcome, cacheStatus } from '../../cache/rules/cache-status.ts'
import { type Freshness, timeToLive } from '../../cache/rules/freshness.ts'
import type { Part } from '../../cache/rules/ranges.ts'
import type { Found } from '../../cache/tiers.ts'
import type { CacheResult, Exchange } from '../exchange.ts'
import { PROXY_NAME } from '../headers.ts'
import { partialAnswer } from './partial-answer.ts'
import { Pour, type Poured, type Source } from './pour.ts'
import { Seat } from './seat.ts'
import { select } from './selection.ts'
import { ageOf, type ToldHead } from './served-head.ts'
import { type ReadyAnswer, wholeAnswer } from './whole-answer.ts'

/** One client that gets an answer which the cache has, or is getting. */
export interface Serve {
  readonly exchange: Exchange
  /** null: nobody watches the client yet. */
  readonly seat: Seat | null
  readonly result: CacheResult
  readonly outcome: CacheOutcome
  /** The head is on its way. */
  begun(): void
  /**
   * The client has not been answered yet where `poured` is `nothing`: it could not be had after all; or `broken`: what
   * was asked for broke off before any of it was there, for all who wait for it.
   */
  done(poured: Poured | 'broken', status: number): void
}

/** Of what is coming nothing was kept yet. */
const NOTHING_ENCODED: Encoded = new Map()

/** Sends a stored answer. */
export function serveFound(serve: Serve, found: Found): void {
  const { head, freshness } = found
  const now = Date.now()
  const selection = select(serve.exchange.admitted, head, head.size, now)
  const told = toldHead(serve, freshness, now)
  // What is stored has its beginning.
  if (selection.parts === null) return send(serve, wholeAnswer(serve.exchange, found, told)!)
  send(serve, partialAnswer(serve.exchange, found, { selection, told, size: head.size })!)
}

/** Sends an answer that is coming, as it comes. */
export function serveComing(serve: Serve, coming: Coming): void {
  const { exchange } = serve
  const { head, body } = coming
  const now = Date.now()
  const size = head.size ?? (body.state === 'complete' ? body.bytes : null)
  const selection = select(exchange.admitted, head, size, now)
  const told = toldComing(serve, coming, now)
  coming.enter()
  const done = (poured: Poured | 'broken', status: number) => {
    coming.leave()
    serve.done(poured, status)
  }
  const content = { head, body, encoded: NOTHING_ENCODED, read: (part: Part) => body.reader(part.first, part.last)! }
  // Parts out of order would have to be kept until all has come: what is not kept would wait for who reads it, for ever.
  const { parts } = selection
  const isKept = size !== null && body.keeps(size)
  const comesInOrder = parts?.every(({ first }, at) => at === 0 || first > parts[at - 1]!.last) ?? true
  const isAll = parts === null || (parts.length > 1 && (body.isOverLimit || !(isKept || comesInOrder)))
  const ready = isAll
    ? wholeAnswer(exchange, content, told)
    : partialAnswer(exchange, content, { selection, told, size })
  if (ready === null) return done('nothing', 0)
  const poured = (how: Poured | 'broken', status: number) => done(how === 'nothing' ? 'broken' : how, status)
  send({ ...serve, done: poured }, ready)
}

function send(serve: Serve, answer: ReadyAnswer): void {
  const { own } = serve.exchange
  const ready = own.length === 0 ? answer : { ...answer, headers: [...answer.headers, ...own] }
  const { writer, status, headers, segments } = ready
  if (!segments.every(isThere)) return pour(serve, ready)
  writer.head(status, headers)
  for (let at = 0; at < segments.length - 1; at++) writer.write(segments[at]!)
  writer.end(segments.at(-1))
  serve.begun()
  serve.done('sent', status)
}

function isThere(segment: Buffer | Source): segment is Buffer {
  return Buffer.isBuffer(segment)
}

function pour({ exchange, seat, begun, done }: Serve, { writer, status, headers, segments }: ReadyAnswer): void {
  const { timers } = exchange.services
  // Others that get the whole change the same list before the first byte is here.
  const own = [...headers]
  const head = () => {
    writer.head(status, own)
    begun()
  }
  const options = { writer, seat: seat ?? new Seat(writer, timers), segments, head }
  new Pour({ ...options, done: (poured) => done(poured, status) }).start()
}

function toldHead({ outcome, result }: Serve, freshness: Freshness, now: number): ToldHead {
  const status = cacheStatus(PROXY_NAME, { ...outcome, ttl: timeToLive(freshness, now) })
  return { age: ageOf(freshness, now, result === 'revalidated'), cacheStatus: status }
}

/**
 * To who asked for it an answer has the Age that it came with: how long it was on its way is what the next cache counts
 * itself, by its own clock (RFC 9111 section 4.2.3, response_delay).
 */
function toldComing(serve: Serve, { head, age }: Coming, now: number): ToldHead {
  const told = toldHead(serve, head.freshness, now)
  return serve.result === 'miss' ? { ...told, age: age === 0 ? null : String(age) } : told
}
