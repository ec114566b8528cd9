import { bypassOf } from '../../cache/rules/bypass.ts'
import { isProvedEnough } from '../../cache/rules/provenance.ts'
import { type RequestDirectives, requestDirectives } from '../../cache/rules/request-directives.ts'
import { type Reuse, reuseOf } from '../../cache/rules/reuse.ts'
import type { Found } from '../../cache/tiers.ts'
import type { Caching } from '../../config/caching.ts'
import { decide } from '../../steering/decide.ts'
import { decisionField } from '../debug.ts'
import { type Exchange, NOTHING_SENT } from '../exchange.ts'
import { recordAnswer } from '../record.ts'
import { refuse } from '../refusal.ts'
import { steer } from '../steer.ts'
import { type Asking, CacheMiss } from './cache-miss.ts'
import { keyedRequest } from './keyed-request.ts'
import { pastCache } from './past-cache.ts'
import { findPieces, ObjectPieces } from './pieces-object.ts'
import { refresh, refreshEarly } from './refresh.ts'
import { serveFound } from './serve.ts'

/** Answers a GET or HEAD with what is stored, if that may be used; else asks, for all who ask for the same. */
export function answerFromCache(asker: Exchange, caching: Caching): void {
  const exchange = withDecision(asker)
  const { services, admitted } = exchange
  const { raw, method, facts } = admitted
  const bypass = facts.forced === null ? bypassOf(method, raw.rawHeaders, caching.key, caching.rules) : 'forced'
  if (bypass !== null) {
    return steer(exchange, pastCache('bypass', { hit: false, fwd: 'bypass', detail: bypass }))
  }
  const asked = keyedRequest(admitted, caching)
  const directives = requestDirectives(raw.rawHeaders)
  const asking = { exchange, asked, caching }
  const whole = services.cache.find(asked.key, raw.rawHeaders)
  const found = typeof whole === 'string' ? (findPieces(asking, directives) ?? whole) : whole
  if (typeof found === 'string' || !isProvedEnough(found.head.proof, caching.requiredProof)) {
    const fwd = typeof found === 'string' ? found : 'uri-miss'
    return ask({ ...asking, stored: null, fwd }, directives)
  }
  const reuse = reuseOf(found.freshness, directives, caching.rules, Date.now())
  if (reuse.act !== 'revalidate')
    return serveStored({ ...asking, stored: null, fwd: 'stale' }, { found, reuse, directives })
  ask({ ...asking, stored: found, fwd: reuse.because === 'request' ? 'request' : 'stale' }, directives)
}

/** For who debugs: whom the answer would be asked of, whether it is asked for or not. */
function withDecision(exchange: Exchange): Exchange {
  const { services, admitted, proofs } = exchange
  if (admitted.raw.headers['polycdn-debug'] === undefined) return exchange
  const decision = decide(admitted.route, admitted.facts, services.world, proofs.unfit)
  return { ...exchange, own: decisionField(admitted, decision) }
}

interface Usable {
  readonly found: Found
  readonly reuse: Reuse
  readonly directives: RequestDirectives
}

function serveStored(asking: Asking, { found, reuse, directives }: Usable): void {
  const { exchange } = asking
  const { services, arrival } = exchange
  const isFresh = reuse.act === 'serve' && reuse.because === 'fresh'
  const isHere = !(found instanceof ObjectPieces) || found.isHere
  const result = isHere ? (isFresh ? 'hit' : 'stale') : 'miss'
  let firstByteMs: number | null = null
  serveFound(
    {
      exchange,
      seat: null,
      result,
      outcome: isHere ? HIT : PARTIAL,
      begun: () => {
        firstByteMs = services.timers.now() - arrival.startedAt
      },
      done: (poured, status) => {
        // It was damaged, and is gone from where it was.
        if (poured === 'nothing') return ask({ ...asking, fwd: 'uri-miss' }, directives)
        const error = poured === 'gone' ? 'client_gone' : poured === 'cut' ? 'internal_error' : null
        const aborted = poured === 'cut'
        recordAnswer(exchange, { ...NOTHING_SENT, status, firstByteMs, cache: result, error, aborted })
      },
    },
    found,
  )
  if (found.tier === 'disk') services.cache.promote(found)
  if (reuse.act === 'serve-and-revalidate') refresh(asking, found)
  else if (isFresh) refreshEarly(asking, found)
}

const HIT = { hit: true } as const
/** Some pieces are asked for. */
const PARTIAL = { hit: false, fwd: 'partial', stored: true } as const

function ask(asking: Asking, { noStore, onlyIfCached }: RequestDirectives): void {
  const { exchange, caching } = asking
  const honoured = caching.rules.requestDirectives === 'honour'
  if (honoured && onlyIfCached) return refuseToAsk(exchange)
  if (honoured && noStore) {
    return steer(exchange, pastCache('bypass', { hit: false, fwd: 'bypass', detail: 'no-store' }))
  }
  new CacheMiss(asking).start()
}

/** RFC 9111 section 5.2.1.7. */
function refuseToAsk(exchange: Exchange): void {
  const { method } = exchange.admitted
  const refusal = { code: 'not_cached', message: 'this is not stored here', method, records: [], close: false } as const
  const status = refuse(exchange.client, refusal)
  recordAnswer(exchange, { ...NOTHING_SENT, status, cache: 'miss', error: 'not_cached' })
}
