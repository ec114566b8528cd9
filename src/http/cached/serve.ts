import { randomBytes } from 'node:crypto'
import type { Coming } from '../../cache/coming.ts'
import type { EntryHead } from '../../cache/entry.ts'
import { type CacheOutcome, cacheStatus } from '../../cache/rules/cache-status.ts'
import { combined } from '../../cache/rules/fields.ts'
import { type Freshness, timeToLive } from '../../cache/rules/freshness.ts'
import { type Multipart, multipartOf } from '../../cache/rules/multipart.ts'
import type { Part } from '../../cache/rules/ranges.ts'
import type { Found } from '../../cache/tiers.ts'
import type { CacheResult, Exchange } from '../exchange.ts'
import { PROXY_NAME } from '../headers.ts'
import { Pour, type Poured, type Source } from './pour.ts'
import { PulledSource } from './pulled-source.ts'
import { Seat } from './seat.ts'
import { type Selection, select } from './selection.ts'
import { ageOf, partHeaders, type ToldHead, wholeHeaders } from './served-head.ts'

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

const WHOLE: Part = { first: 0, last: Number.MAX_SAFE_INTEGER }

/** Sends a stored answer. */
export function serveFound(serve: Serve, { head, freshness, tier, slices, read }: Found): void {
  const { exchange } = serve
  const { writer, admitted } = exchange
  const now = Date.now()
  const selection = select(admitted, head, head.size, now)
  const told = toldHead(serve, freshness, now)
  const content = contentOf(selection, head)
  const headers = headersOf(exchange, head, selection, { told, size: head.size, multipart: content.multipart })
  const { status } = selection
  if (!hasContent(exchange, selection, head)) {
    writer.head(status, headers)
    writer.end()
  } else if (tier === 'memory') {
    writer.head(status, headers)
    sendAll(
      exchange,
      content.segments((part) => slices(part)!),
    )
  } else {
    const segments = content.segments((part) => [new PulledSource(read(capped(part, head.size)))])
    return pour(serve, { headers, status, segments })
  }
  serve.begun()
  serve.done('sent', status)
}

/** Sends an answer that is coming, as it comes. */
export function serveComing(serve: Serve, coming: Coming): void {
  const { exchange } = serve
  const { head, body } = coming
  const { writer, admitted } = exchange
  const now = Date.now()
  const size = head.size ?? (body.state === 'complete' ? body.bytes : null)
  const asked = select(admitted, head, size, now)
  // Parts out of order would have to be kept until all has come.
  const isAll = asked.parts !== null && asked.parts.length > 1 && body.isOverLimit
  const selection = isAll ? { status: head.status, parts: null } : asked
  const told = toldHead(serve, head.freshness, now)
  const content = contentOf(selection, head)
  const headers = headersOf(exchange, head, selection, { told, size, multipart: content.multipart })
  coming.enter()
  const done = (poured: Poured | 'broken', status: number) => {
    coming.leave()
    serve.done(poured, status)
  }
  if (!hasContent(exchange, selection, head)) {
    writer.head(selection.status, headers)
    writer.end()
    serve.begun()
    return done('sent', selection.status)
  }
  const readers = content.segments(({ first, last }) => [body.reader(first, last)])
  const segments = readers.filter((one) => one !== null)
  // Its beginning is gone already.
  if (segments.length < readers.length) return done('nothing', 0)
  const poured = (how: Poured | 'broken', status: number) => done(how === 'nothing' ? 'broken' : how, status)
  pour({ ...serve, done: poured }, { headers, status: selection.status, segments })
}

interface Pouring {
  readonly status: number
  readonly headers: readonly string[]
  readonly segments: readonly (Buffer | Source)[]
}

function pour({ exchange, seat, begun, done }: Serve, { status, headers, segments }: Pouring): void {
  const { writer, services } = exchange
  // Others that get the whole change the same list before the first byte is here.
  const own = [...headers]
  const head = () => {
    writer.head(status, own)
    begun()
  }
  const options = { writer, seat: seat ?? new Seat(writer, services.timers), segments, head }
  new Pour({ ...options, done: (poured) => done(poured, status) }).start()
}

function sendAll({ writer }: Exchange, segments: readonly Buffer[]): void {
  if (segments.length === 1) return writer.end(segments[0])
  for (const segment of segments) writer.write(segment)
  writer.end()
}

function toldHead({ outcome, result }: Serve, freshness: Freshness, now: number): ToldHead {
  const status = cacheStatus(PROXY_NAME, { ...outcome, ttl: timeToLive(freshness, now) })
  return { age: ageOf(freshness, now, result === 'miss' || result === 'revalidated'), cacheStatus: status }
}

interface Rendering {
  readonly told: ToldHead
  readonly size: number | null
  readonly multipart: Multipart | null
}

function headersOf(exchange: Exchange, head: EntryHead, selection: Selection, rendering: Rendering): string[] {
  if (selection.parts === null) return wholeHeaders(exchange, head, rendering.told)
  return partHeaders(exchange, head, selection, rendering)
}

function hasContent({ admitted }: Exchange, { parts }: Selection, { status }: EntryHead): boolean {
  return admitted.method === 'GET' && (parts === null || parts.length > 0) && status !== 204
}

interface Content {
  readonly multipart: Multipart | null
  /** What is sent, in order, where `bytesOf` gives the bytes of a part. */
  segments<Piece>(bytesOf: (part: Part) => readonly Piece[]): (Piece | Buffer)[]
}

const ALL: Content = { multipart: null, segments: (bytesOf) => [...bytesOf(WHOLE)] }

function contentOf({ parts }: Selection, { fields, size }: EntryHead): Content {
  if (parts === null || parts.length === 0) return ALL
  if (parts.length === 1) return { multipart: null, segments: (bytesOf) => [...bytesOf(parts[0]!)] }
  const boundary = randomBytes(16).toString('hex')
  const multipart = multipartOf(parts, size!, combined(fields, 'content-type'), boundary)
  return {
    multipart,
    segments: (bytesOf) => [
      ...parts.flatMap((part, at) => [Buffer.from(multipart.heads[at]!, 'latin1'), ...bytesOf(part)]),
      Buffer.from(multipart.end, 'latin1'),
    ],
  }
}

function capped({ first, last }: Part, size: number | null): Part {
  return { first, last: Math.min(last, (size ?? Number.MAX_SAFE_INTEGER) - 1) }
}
