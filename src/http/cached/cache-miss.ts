import type { Landed } from '../../cache/cache.ts'
import type { EntryHead } from '../../cache/entry.ts'
import type { Boarding } from '../../cache/flights.ts'
import { type CacheOutcome, cacheStatus } from '../../cache/rules/cache-status.ts'
import { type Freshness, timeToLive } from '../../cache/rules/freshness.ts'
import { objectKey } from '../../cache/rules/pieces.ts'
import { isProvedEnough } from '../../cache/rules/provenance.ts'
import { requestDirectives } from '../../cache/rules/request-directives.ts'
import { reuseOf } from '../../cache/rules/reuse.ts'
import { secondaryKey, selectVariant } from '../../cache/rules/vary.ts'
import type { Found } from '../../cache/tiers.ts'
import type { Caching } from '../../config/caching.ts'
import type { Endpoint } from '../../config/snapshot.ts'
import type { ResponseHead } from '../../delivery/attempt.ts'
import type { AnswerSink } from '../../delivery/client-writer.ts'
import type { Delivered } from '../../delivery/job.ts'
import type { AttemptRecord } from '../../delivery/outcome.ts'
import type { ErrorCode } from '../../errors.ts'
import type { Decision } from '../../steering/decision.ts'
import { answerHeaders, interimHeaders, serverTiming } from '../answer.ts'
import { endingOf } from '../deliver.ts'
import { type CacheResult, type Ending, type Exchange, NOTHING_SENT } from '../exchange.ts'
import { PROXY_NAME } from '../headers.ts'
import { countAsking, recordAnswer } from '../record.ts'
import { refuse } from '../refusal.ts'
import { steer } from '../steer.ts'
import { Fetch, type FetchPart, type FirstAsker } from './fetch.ts'
import type { KeyedRequest } from './keyed-request.ts'
import { pastCache } from './past-cache.ts'
import { firstPart } from './pieces-first.ts'
import { ownPieces } from './pieces-object.ts'
import type { Poured } from './pour.ts'
import { Seat } from './seat.ts'
import { isConditional } from './selection.ts'
import { type Serve, serveComing, serveFound } from './serve.ts'

/** A request that what is stored does not answer. */
export interface Asking {
  readonly exchange: Exchange
  readonly asked: KeyedRequest
  readonly caching: Caching
  /** What may only have to be confirmed. */
  readonly stored: Found | null
  /** Why it is asked (RFC 9211 section 2.2). */
  readonly fwd: 'uri-miss' | 'vary-miss' | 'stale' | 'request'
}

/** Customary: the client closed the request. */
const CLIENT_GONE = 499

type Leading = Extract<Boarding<Landed>, { readonly role: 'leader' }>
type Waiting = Extract<Boarding<Landed>, { readonly role: 'waiter' }>

/**
 * One client whose answer has to be asked for: it asks for all who want the same, waits for who does, or asks for itself
 * where that cannot be shared.
 */
export class CacheMiss implements FirstAsker {
  readonly #asking: Asking
  readonly #part: FetchPart | null
  readonly #seat: Seat
  readonly #askedAt = Date.now()
  #result: CacheResult = 'miss'
  #firstByteMs: number | null = null
  /** What the client got, and what was asked for it: the request has ended when both are known. */
  #sent: Pick<Ending, 'status' | 'error' | 'aborted'> | null = null
  #delivered: Ending | null = null
  /** It reads what others may read too. */
  #isServed = false
  /** The client's answer comes from elsewhere: what is asked here is not for it any more. */
  #isLeft = false

  constructor(asking: Asking) {
    this.#asking = asking
    this.#part = firstPart(asking, asking.stored)
    this.#seat = new Seat(asking.exchange.writer, asking.exchange.services.timers)
  }

  start(): void {
    const { exchange, stored, fwd } = this.#asking
    // An answer to HEAD fills nothing.
    if (exchange.admitted.method === 'HEAD' && stored === null) return this.#steer({ hit: false, fwd })
    const { key } = this.#asking.asked
    // The whole may be for nobody else, and its pieces for all.
    const isForPieces = this.#part !== null && exchange.services.cache.isMarked(key)
    this.#board(isForPieces ? objectKey(key) : key)
  }

  landed(landed: Landed): void {
    const { fwd } = this.#asking
    if (landed.kind === 'coming') {
      if (this.#mustKnowSize(landed.coming.head)) return this.again()
      return serveComing(this.#serve('miss', { hit: false, fwd, stored: true }), landed.coming)
    }
    serveFound(this.#serve(...this.#toldOf(landed, false)), landed.found)
  }

  passing(endpoint: Endpoint, head: ResponseHead, ms: number): AnswerSink | null {
    const { exchange, fwd } = this.#asking
    const { admitted, writer, proofs, own: asked } = exchange
    const outcome = { hit: false, fwd } as const
    // A client that has left takes nothing, and would never say that it takes more. `again` tells.
    if (this.#seat.gone || admitted.method === 'HEAD' || isConditional(admitted.raw.headers)) {
      this.again()
      return null
    }
    const told = ['cache-status', cacheStatus(PROXY_NAME, outcome), ...asked]
    const own = [...serverTiming(endpoint, ms), ...proofs.fields, ...told]
    writer.head(head.status, answerHeaders(admitted, endpoint, head, own))
    this.#result = 'pass'
    return writer
  }

  interim(endpoint: Endpoint, head: ResponseHead): void {
    const { admitted, client } = this.#asking.exchange
    if (!this.#isLeft && !this.#isServed) client.interim(head.status, interimHeaders(admitted, endpoint, head))
  }

  again(): void {
    this.#leave(() => this.#steer({ hit: false, fwd: this.#asking.fwd }))
  }

  refused(code: ErrorCode, records: readonly AttemptRecord[]): number {
    const { admitted, client, own } = this.#asking.exchange
    const message = records.length === 0 ? 'no CDN can serve this now' : 'no CDN could deliver this'
    this.#result = 'pass'
    // RFC 9211 section 2: what is made here, and of nothing stored, has no Cache-Status.
    return refuse(client, { code, message, method: admitted.method, records, close: false, fields: own })
  }

  ended(delivered: Delivered, decision: Decision): void {
    const { arrival, services, writer } = this.#asking.exchange
    const ending = endingOf(arrival, decision, delivered)
    if (this.#isLeft) return countAsking(services.metrics, ending)
    this.#delivered = ending
    // What was handed to the client as it came ended with what brought it.
    if (!this.#isServed) {
      if (delivered.error === 'client_gone') writer.abort()
      this.#firstByteMs = ending.firstByteMs
      this.#sent = ending
    }
    this.#finish()
  }

  #board(key: string): void {
    const boarding = this.#asking.exchange.services.cache.board(key)
    if (boarding.role === 'leader') this.#lead(boarding, key)
    else if (boarding.role === 'waiter') this.#wait(boarding, key === this.#asking.asked.key)
    else this.#askAlone()
  }

  /** Asks, unless another process does: then all who wait here wait for that. */
  #lead(flight: Leading, key: string): void {
    const { exchange, stored } = this.#asking
    // What only has to be confirmed is no crowd's, and of pieces others may want other ones: each process asks once.
    const turn = stored === null && this.#part === null ? exchange.services.cache.turn(key, () => this.#look()) : 'ask'
    if (turn === 'ask') return this.#fetch(flight)
    if (turn === 'alone') return this.#disembark(flight, null, false)
    this.#seat.serve(
      () => {},
      () => flight.others === 0 && turn.leave(),
    )
    flight.whenAlone(() => this.#seat.gone && turn.leave())
    void turn.over.then((turned) => {
      const isNobodys = this.#seat.gone && flight.others === 0
      if (turned === 'ask' && !isNobodys) return this.#fetch(flight)
      const landed: Landed | null = typeof turned === 'string' ? null : { kind: 'shared', found: turned }
      this.#disembark(flight, landed, key === this.#asking.asked.key)
    })
  }

  /** What another process stored meanwhile. */
  #look(): Found | 'vary-miss' | 'uri-miss' {
    const { exchange, asked, caching } = this.#asking
    const found = exchange.services.cache.find(asked.key, exchange.admitted.raw.rawHeaders)
    if (typeof found === 'string') return found
    const isForThis = isProvedEnough(found.head.proof, caching.requiredProof) && !found.freshness.noCache
    return isForThis && isStillFresh(found.freshness) ? found : 'uri-miss'
  }

  /** Nobody here asks: the leader is one of those who waited. */
  #disembark(flight: Leading, landed: Landed | null, mayBoardAgain: boolean): void {
    flight.land(landed)
    flight.done()
    if (this.#seat.gone) this.#left()
    else this.#hear(landed, mayBoardAgain)
  }

  #fetch(flight: Leading | null): void {
    const { exchange, asked, caching, stored } = this.#asking
    const fetch = new Fetch({ exchange, asked, caching, stored, part: this.#part, flight, asker: this })
    // Others may wait for what this client asked for.
    this.#seat.serve(
      () => fetch.client.resume(),
      () => fetch.others === 0 && fetch.client.gone(),
      () => fetch.others === 0 && fetch.client.leaving(),
    )
    flight?.whenAlone(() => this.#seat.gone && fetch.client.gone())
    fetch.start()
    // While it waited nobody was told.
    if (this.#seat.leaving && fetch.others === 0) fetch.client.leaving()
  }

  /** Nobody else waits for it: its conditions may be the client's own, and what comes may be stored all the same. */
  #askAlone(): void {
    const { exchange, stored, fwd } = this.#asking
    const isOwn =
      stored === null && (exchange.admitted.method === 'HEAD' || isConditional(exchange.admitted.raw.headers))
    if (isOwn) this.#steer({ hit: false, fwd })
    else this.#fetch(null)
  }

  #wait(boarding: Waiting, mayBoardAgain: boolean): void {
    this.#seat.serve(
      () => {},
      () => {
        boarding.leave()
        this.#left()
      },
    )
    void boarding.landed.then((landed) => {
      if (!this.#seat.gone) this.#hear(landed, mayBoardAgain)
    })
  }

  #left(): void {
    this.#record({ ...NOTHING_SENT, status: CLIENT_GONE, cache: 'collapsed', error: 'client_gone' })
  }

  #hear(landed: Landed | null, mayBoardAgain: boolean): void {
    this.#seat.release()
    if (landed === null) return this.#askAlone()
    const head = landed.kind === 'coming' ? landed.coming.head : landed.found.head
    const { exchange, asked, caching } = this.#asking
    const fields = exchange.admitted.raw.rawHeaders
    // What was purged while it was asked for is not for those who may have asked since.
    if (exchange.services.cache.isOutdated(head, landed.kind === 'stale')) return this.#startAnew()
    if (selectVariant([head], fields) === null) {
      // Those who want another variant wait for one who wants it too.
      if (mayBoardAgain) return this.#board(`${asked.key}\n\n${secondaryKey(head.varyNames, fields)}`)
      return this.#askAlone()
    }
    if (!isProvedEnough(head.proof, caching.requiredProof)) return this.#askAlone()
    if (landed.kind !== 'stale' && this.#isRefused(head)) return this.#askAlone()
    this.#delivered = NOTHING_SENT
    if (landed.kind !== 'coming') {
      return serveFound(this.#serve(...this.#toldOf(landed, true)), ownPieces(this.#asking, landed.found))
    }
    if (!isStillFresh(head.freshness) || this.#mustKnowSize(head)) return this.#askAlone()
    const { fwd } = this.#asking
    serveComing(this.#serve('collapsed', { hit: false, fwd, collapsed: true }), landed.coming)
  }

  /** RFC 9111 section 5.2.1: what was there before this client asked is to it as what is stored. */
  #isRefused({ freshness }: EntryHead): boolean {
    if (freshness.responseTime >= this.#askedAt) return false
    const { exchange, caching } = this.#asking
    const directives = requestDirectives(exchange.admitted.raw.rawHeaders)
    const reuse = reuseOf(freshness, directives, caching.rules, Date.now())
    return reuse.act === 'revalidate' && reuse.because === 'request'
  }

  #startAnew(): void {
    new CacheMiss({ ...this.#asking, stored: null, fwd: 'uri-miss' }).start()
  }

  /** No part can be told of what comes without its length: the client that wants one asks for it itself. */
  #mustKnowSize({ size }: EntryHead): boolean {
    return size === null && this.#asking.exchange.admitted.raw.headers.range !== undefined
  }

  #toldOf({ kind }: Extract<Landed, { readonly found: Found }>, collapsed: boolean): [CacheResult, CacheOutcome] {
    const { fwd } = this.#asking
    if (kind === 'pieces') {
      return [collapsed ? 'collapsed' : 'miss', { hit: false, fwd, stored: !collapsed, collapsed }]
    }
    if (kind === 'stale') return ['stale', { hit: false, fwd, collapsed, detail: 'stale-if-error' }]
    if (kind === 'shared') return ['collapsed', { hit: false, fwd, collapsed: true }]
    return [collapsed ? 'collapsed' : 'revalidated', { hit: false, fwd, fwdStatus: 304, collapsed }]
  }

  #serve(result: CacheResult, outcome: CacheOutcome): Serve {
    const { exchange } = this.#asking
    const { timers } = exchange.services
    this.#result = result
    this.#isServed = true
    return {
      exchange,
      seat: this.#seat,
      result,
      outcome,
      begun: () => {
        this.#firstByteMs = timers.now() - exchange.arrival.startedAt
      },
      done: (poured, status) => this.#onPoured(poured, status),
    }
  }

  #onPoured(poured: Poured | 'broken', status: number): void {
    if (poured === 'nothing') return this.again()
    if (poured === 'broken') return this.#onBroken()
    const isCut = poured === 'cut'
    const error = poured === 'gone' ? 'client_gone' : isCut ? 'http_response_incomplete' : null
    this.#sent = { status, error, aborted: isCut }
    this.#finish()
  }

  /** All that may be tried was tried by whoever asked: it is not tried again for each who waits. */
  #onBroken(): void {
    const error = 'http_response_incomplete'
    const status = this.refused(error, [])
    this.#sent = { status, error, aborted: false }
    this.#finish()
  }

  /** The client gets another answer than this one, as soon as whoever says so has said all. */
  #leave(next: () => void): void {
    if (this.#delivered === null) this.#isLeft = true
    else countAsking(this.#asking.exchange.services.metrics, this.#delivered)
    queueMicrotask(next)
  }

  #steer(outcome: CacheOutcome): void {
    this.#seat.release()
    if (this.#seat.gone) {
      return this.#record({ ...NOTHING_SENT, status: CLIENT_GONE, cache: 'pass', error: 'client_gone' })
    }
    steer(this.#asking.exchange, pastCache('pass', outcome))
  }

  #finish(): void {
    if (this.#sent === null || this.#delivered === null) return
    this.#seat.release()
    const { status, error, aborted } = this.#sent
    const told = { status, error, aborted, firstByteMs: this.#firstByteMs, cache: this.#result }
    this.#record({ ...this.#delivered, ...told })
  }

  #record(ending: Ending): void {
    recordAnswer(this.#asking.exchange, ending)
  }
}

function isStillFresh(freshness: Freshness): boolean {
  return timeToLive(freshness, Date.now()) > 0
}
