import { validateHeaderName, validateHeaderValue } from 'node:http'
import { Body } from '../../cache/body.ts'
import type { Landed } from '../../cache/cache.ts'
import { Coming } from '../../cache/coming.ts'
import type { EntryHead } from '../../cache/entry.ts'
import type { Boarding } from '../../cache/flights.ts'
import { ageValue } from '../../cache/rules/age.ts'
import type { Fields } from '../../cache/rules/fields.ts'
import { isFreshenedBy } from '../../cache/rules/freshen.ts'
import { timeToLive } from '../../cache/rules/freshness.ts'
import { mayRevalidateAt } from '../../cache/rules/provenance.ts'
import { isError, mayServeOnError } from '../../cache/rules/reuse.ts'
import type { CacheRules } from '../../cache/rules/rules.ts'
import { whyUnstorable } from '../../cache/rules/storable.ts'
import { revalidationFields } from '../../cache/rules/validators.ts'
import { varyNames } from '../../cache/rules/vary.ts'
import type { Found } from '../../cache/tiers.ts'
import type { Caching } from '../../config/caching.ts'
import type { Endpoint } from '../../config/snapshot.ts'
import type { ResponseHead } from '../../delivery/attempt.ts'
import type { AnswerSink } from '../../delivery/client-writer.ts'
import type { Deadline } from '../../delivery/deadlines.ts'
import type { Delivered, Job } from '../../delivery/job.ts'
import type { AttemptRecord } from '../../delivery/outcome.ts'
import type { Timers } from '../../delivery/timers.ts'
import type { ErrorCode } from '../../errors.ts'
import { decide } from '../../steering/decide.ts'
import type { Decision } from '../../steering/decision.ts'
import { deliver } from '../deliver.ts'
import type { Exchange } from '../exchange.ts'
import { jobOf } from '../job-of.ts'
import { type Answer, confirmedHead, entryHead } from './entry-head.ts'
import { type KeyedRequest, sharedRequest } from './keyed-request.ts'
import { operatorFields, sharedFields } from './shared-fields.ts'

/** Who asked first: a client that waits as all others do, and that gets what is for nobody else. */
export interface FirstAsker {
  /** It reads what all get. */
  landed(landed: Landed): void
  /** The answer is not for others: gives what writes it to the client, or null where that has to ask in its own words. */
  passing(endpoint: Endpoint, head: ResponseHead, ms: number): AnswerSink | null
  /** An interim answer for its client alone: it is no part of what is stored (RFC 9111 section 3). */
  interim(endpoint: Endpoint, head: ResponseHead): void
  /** What came answers nothing: the client has to ask in its own words. */
  again(): void
  /** Nobody could deliver, and nothing stored will do. Returns the status. */
  refused(code: ErrorCode, records: readonly AttemptRecord[]): number
  ended(delivered: Delivered, decision: Decision): void
}

/** What a fetch asks for, where that is not the whole. */
export interface FetchPart {
  /** Range, and If-Range where there is one: a flat list. */
  readonly conditions: readonly string[]
  /** Says what becomes of an answer, once that is neither a 304 nor an error for which a stale one is served. */
  take(answer: Answer, upstream: PartUpstream): Taken
}

/** Who sends the part: takes up after a false `write`, or stops. */
export interface PartUpstream {
  resume(): void
  cancel(): void
}

export type Taken =
  /** `landed`: what those who wait get; null: nobody waits for the fetch itself. */
  | {
      readonly kind: 'taken'
      readonly to: AnswerSink
      readonly landed: Extract<Landed, { readonly found: Found }> | null
    }
  /** It is one that may be for all, as if the whole had been asked for. */
  | { readonly kind: 'whole'; readonly answer: Answer }
  | { readonly kind: 'pass'; readonly lasting: boolean }

export interface FetchOptions {
  readonly exchange: Exchange
  readonly asked: KeyedRequest
  readonly caching: Caching
  /** What is to be confirmed; null: nothing that could be. */
  readonly stored: Found | null
  /** null: the whole is asked for. */
  readonly part: FetchPart | null
  /** null: nobody else may wait for it. */
  readonly flight: Extract<Boarding<Landed>, { readonly role: 'leader' }> | null
  readonly asker: FirstAsker
}

/** A fetch goes on without readers where no more than this is missing. Bytes. */
const NEARLY_DONE = 2 ** 20
/** And no longer than between two looks. Milliseconds. */
const LOOK_EVERY = 300_000

interface Client {
  resume(): void
  gone(): void
  leaving(): void
}

/**
 * One question to the upstreams whose answer may be for all who ask. To the Delivery that asks, it is the client: it
 * takes the answer into a Body, from which everybody reads; or hands it to who asked first, where it is for nobody else.
 */
export class Fetch implements AnswerSink {
  readonly #options: FetchOptions
  #delivery: Client | null = null
  #to: Body | AnswerSink | null = null
  #answered: { readonly endpoint: Endpoint; readonly head: ResponseHead; readonly ms: number } | null = null
  #size: number | null = null
  /** Bytes: what turns out to be larger is not stored. */
  #most = 0
  #storing: Promise<void> = Promise.resolve()
  #coming: Coming | null = null
  /** The next look whether anybody reads what comes. */
  #unread: Deadline | null = null
  #bytes = 0

  constructor(options: FetchOptions) {
    this.#options = options
  }

  start(): void {
    const { exchange, asked } = this.#options
    const shared = { ...exchange, admitted: sharedRequest(exchange.admitted, asked) }
    const { route, facts } = shared.admitted
    const decision = decide(route, facts, exchange.services.world, exchange.proofs.unfit)
    deliver(shared, this.#job(shared, decision), this, (delivered) => {
      this.#unread?.cancel()
      if (this.#to instanceof Body) this.#to.fail(new Error('the fetch has ended'))
      // Until it can be found, it is here for those who ask; what broke off is nothing to wait for.
      const isWhole = this.#to instanceof Body && this.#to.state === 'complete'
      if (isWhole) void this.#storing.finally(() => this.#options.flight?.done())
      else this.#options.flight?.done()
      this.#options.asker.ended(delivered, decision)
    })
  }

  /** Requests of others that wait for the head. */
  get others(): number {
    return this.#options.flight?.others ?? 0
  }

  /** For who asked first, and until others read: how it is told of its client. */
  get client(): Client {
    return this.#delivery!
  }

  get bytes(): number {
    return this.#bytes
  }

  get waiting(): boolean {
    return this.#to !== null && !(this.#to instanceof Body) && this.#to.waiting
  }

  watch(resume: () => void, gone: () => void, leaving: () => void = () => {}): void {
    this.#delivery = { resume, gone, leaving }
  }

  head(status: number): void {
    const { endpoint, head, ms } = this.#answered!
    const { exchange } = this.#options
    const fields = head.rawHeaders.map((text) => text.toString('latin1'))
    checkFields(fields)
    const proof = exchange.proofs.proof(endpoint) === null ? 'none' : proofOf(exchange.proofs.kind(endpoint))
    // Of this try: a later one may be under way, and know of a purge that this one does not.
    const responseTime = Date.now()
    const times = { requestTime: Math.floor(responseTime - ms), responseTime }
    this.#judge({ status, fields, endpoint, proof, times })
  }

  flush(): void {
    if (this.#to !== null && !(this.#to instanceof Body)) this.#to.flush()
  }

  write(chunk: Buffer, taken?: (chunk: Buffer) => void): boolean {
    this.#bytes += chunk.length
    if (this.#to === null) return true
    if (!(this.#to instanceof Body)) return this.#to.write(chunk, taken)
    const more = this.#to.append(chunk)
    // It is nobody's any more, and cannot be stored either.
    if (this.#to.bytes > this.#most) this.#lookSoon()
    return more
  }

  end(): void {
    this.#to?.end()
  }

  abort(): void {
    if (this.#to instanceof Body) this.#to.fail(new Error('the answer broke off'))
    else this.#to?.abort()
  }

  #job(shared: Exchange, decision: Decision): Job {
    const { caching, exchange } = this.#options
    const job = jobOf(shared, decision, [])
    const conditions = new Map<string, string>()
    const ours = this.#conditions(null)
    for (let i = 0; i < ours.length; i += 2) conditions.set(ours[i]!, ours[i + 1]!)
    return {
      ...job,
      range: conditions.get('range') ?? null,
      hedgeable: exchange.admitted.route.policy.hedge.enabled,
      asked: { method: 'GET', header: (name) => conditions.get(name) ?? null },
      request: (endpoint, part) => {
        const request = job.request(endpoint, part)
        const own = part === null ? this.#conditions(endpoint) : null
        const ofOperator = operatorFields(exchange.admitted, endpoint)
        return { ...request, headers: sharedFields(request.headers, caching.key, { conditions: own, ofOperator }) }
      },
      interim: (endpoint, head) => this.#options.asker.interim(endpoint, head),
      answer: (endpoint, head, ms) => {
        this.#answered = { endpoint, head, ms }
        return []
      },
      refuse: (code, records) => this.#refuse(code, records),
    }
  }

  /** RFC 9111 section 4.3.1; not of an endpoint that may mean other bytes by the same words. null: of whoever proves. */
  #conditions(endpoint: Endpoint | null): string[] {
    const { stored, part } = this.#options
    const ofPart = part?.conditions ?? []
    if (stored === null) return [...ofPart]
    const may = endpoint === null || mayRevalidateAt(stored.head, endpoint.cdn?.name ?? null)
    return may ? [...revalidationFields(stored.head.fields), ...ofPart] : [...ofPart]
  }

  #judge(answer: Answer): void {
    const { stored, caching, exchange, asker, flight, part } = this.#options
    const { cache } = exchange.services
    const now = answer.times.responseTime
    if (stored !== null && answer.status === 304) {
      const confirmed = confirmedHead(stored.head, answer, caching.rules)
      const isOfThis = this.#mayUse(stored) && isFreshenedBy(stored.head.fields, answer.fields)
      const asked = exchange.admitted.raw.rawHeaders
      if (!isOfThis || !isForOthers(stored.head, confirmed, asked, caching.rules)) {
        cache.remove(stored.head)
        flight?.land(null)
        asker.again()
        return this.#cancel()
      }
      return this.#land({ kind: 'confirmed', found: cache.update(stored, confirmed) })
    }
    if (stored !== null && isError(answer.status) && this.#mayUse(stored) && mayServeOnError(stored.freshness, now)) {
      this.#land({ kind: 'stale', found: stored })
      return this.#cancel()
    }
    if (part === null) this.#judgeWhole(answer)
    else this.#judgePart(part, answer)
  }

  /** Not what was purged, or changed by somebody, while it was to be confirmed. */
  #mayUse({ head }: Found): boolean {
    return !this.#options.exchange.services.cache.isOutdated(head, true)
  }

  #judgePart(part: FetchPart, answer: Answer): void {
    const { stored, exchange } = this.#options
    const upstream = { resume: () => this.#delivery!.resume(), cancel: () => this.#cancel() }
    const taken = part.take(answer, upstream)
    if (taken.kind === 'whole') return this.#judgeWhole(taken.answer)
    if (taken.kind === 'pass') {
      if (stored !== null && answer.status < 500) exchange.services.cache.remove(stored.head)
      return this.#pass(taken.lasting)
    }
    this.#to = taken.to
    if (taken.landed !== null) this.#offer(taken.landed, taken.landed.found.head)
  }

  #judgeWhole(answer: Answer): void {
    const { stored, exchange, asked } = this.#options
    const { cache } = exchange.services
    if (answer.status === 200) cache.forgetObject(asked.key)
    if (this.#isStorable(answer)) return this.#fill(answer)
    if (stored !== null && answer.status < 500) cache.remove(stored.head)
    this.#pass(answer.status < 500)
  }

  #isStorable(answer: Answer): boolean {
    const { exchange, caching } = this.#options
    const { cache } = exchange.services
    const request = { method: 'GET', fields: exchange.admitted.raw.rawHeaders }
    if (whyUnstorable(request, answer, caching.rules) !== null) return false
    this.#size = lengthOf(answer.fields)
    this.#most = Math.min(caching.maxObject, cache.largest)
    return (this.#size ?? 0) <= this.#most && cache.hasRoom
  }

  #fill(answer: Answer): void {
    const { exchange, asked, caching } = this.#options
    const { cache, timers } = exchange.services
    const body = new Body(Math.min(caching.maxObject, cache.maxInMemory))
    const shared = sharedRequest(exchange.admitted, asked)
    const head = entryHead(shared, asked, answer, caching.rules)
    const coming = new Coming(head, body, ageValue(answer.fields), () => this.#lookSoon())
    body.onDrain(() => this.#delivery!.resume())
    this.#to = body
    this.#coming = coming
    this.#lookLater(timers)
    this.#storing = cache.store(coming, caching.maxObject)
    this.#offer({ kind: 'coming', coming }, head)
  }

  /** RFC 9111 section 4: what may not be used again without asking is no answer to the others. */
  #offer(landed: Landed, { freshness }: EntryHead): void {
    const { exchange, asked, flight, asker } = this.#options
    if (!freshness.noCache && timeToLive(freshness, freshness.responseTime) > 0) return this.#land(landed)
    exchange.services.cache.mark(asked.key)
    flight?.land(null)
    asker.landed(landed)
  }

  #land(landed: Landed): void {
    this.#options.flight?.land(landed)
    this.#options.asker.landed(landed)
  }

  /** The answer is for who asked first alone. `lasting`: the next one will be so too. */
  #pass(lasting: boolean): void {
    const { asker, flight, exchange, asked } = this.#options
    const { endpoint, head, ms } = this.#answered!
    const to = asker.passing(endpoint, head, ms)
    if (to === null) this.#cancel()
    this.#to = to
    if (lasting) exchange.services.cache.mark(asked.key)
    flight?.land(null)
  }

  #refuse(code: ErrorCode, records: readonly AttemptRecord[]): number {
    const { stored, asker, flight } = this.#options
    if (stored === null || !this.#mayUse(stored) || !mayServeOnError(stored.freshness, Date.now())) {
      flight?.land(null)
      return asker.refused(code, records)
    }
    this.#land({ kind: 'stale', found: stored })
    return stored.head.status
  }

  /** When those who just heard of it read too. */
  #lookSoon(): void {
    setImmediate(() => this.#endUnlessRead(NEARLY_DONE))
  }

  /** What nobody reads may come a byte a minute, and so for ever. */
  #lookLater(timers: Timers): void {
    this.#unread = timers.after(LOOK_EVERY, () => {
      this.#endUnlessRead(0)
      this.#lookLater(timers)
    })
  }

  /** Where nobody reads what comes, it comes all the same if most of it has, for the next who asks. */
  #endUnlessRead(nearly: number): void {
    const { body, readers } = this.#coming!
    if (readers > 0 || body.state !== 'filling') return
    const missing = this.#size === null ? Number.POSITIVE_INFINITY : this.#size - body.bytes
    if (missing > nearly || body.isOverLimit) this.#cancel()
  }

  /** Not at once: the Delivery is in the middle of telling us something. */
  #cancel(): void {
    queueMicrotask(() => this.#delivery!.gone())
  }
}

/**
 * Whether an answer may still be stored with what a 304 says of it: that may name a visitor, who then has to ask alone,
 * or make the answer one of other requests than those that it was stored for.
 */
function isForOthers(stored: EntryHead, { status, fields }: EntryHead, request: Fields, rules: CacheRules): boolean {
  if (whyUnstorable({ method: 'GET', fields: request }, { status, fields }, rules) !== null) return false
  return varyNames(fields).join() === stored.varyNames.join()
}

function proofOf(kind: 'ipfs' | 'arweave' | 'manifest') {
  return kind === 'manifest' ? 'manifest' : 'content-address'
}

/** Throws where Node would refuse to send them, to every client that would get them. */
function checkFields(fields: Fields): void {
  for (let i = 0; i < fields.length; i += 2) {
    validateHeaderName(fields[i]!)
    validateHeaderValue(fields[i]!, fields[i + 1]!)
  }
}

function lengthOf(fields: Fields): number | null {
  for (let i = 0; i < fields.length; i += 2) {
    if (fields[i]!.length === 14 && fields[i]!.toLowerCase() === 'content-length') return Number(fields[i + 1]!)
  }
  return null
}
