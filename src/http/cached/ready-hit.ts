import type { EntryHead } from '../../cache/entry.ts'
import { currentAge } from '../../cache/rules/age.ts'
import { bypassOf } from '../../cache/rules/bypass.ts'
import { timeToLive } from '../../cache/rules/freshness.ts'
import { isProvedEnough } from '../../cache/rules/provenance.ts'
import { requestDirectives } from '../../cache/rules/request-directives.ts'
import { reuseOf } from '../../cache/rules/reuse.ts'
import type { Found } from '../../cache/tiers.ts'
import type { Encoding } from '../../compression/encoding.ts'
import { PolycdnError } from '../../errors.ts'
import { NOTHING_PROVED } from '../../proofs/request-proofs.ts'
import { admitPlain } from '../admit.ts'
import { type Admitted, type Ending, NOTHING_SENT } from '../exchange.ts'
import type { PlainRequest } from '../plain-request.ts'
import { recordEnded } from '../record.ts'
import type { Services } from '../services.ts'
import { WHOLE } from './content-of.ts'
import { keyedRequest } from './keyed-request.ts'
import { isDueEarly } from './refresh.ts'
import { wholeHead } from './whole-head.ts'

/** An answer that lies in memory, ready to be written to a connection of HTTP/1.1. */
export interface ReadyHit {
  /** In latin1, without what concerns the connection and without the empty line. */
  readonly head: string
  /** None: the answer has no content for this request. */
  readonly content: readonly Buffer[]
  /** To be called when it was written, with the time of Timers. */
  written(now: number): void
}

/** Finds the answer to a request where that takes nothing but memory; null: `handle` is to say what becomes of it. */
export type HitFinder = (raw: PlainRequest) => ReadyHit | null

const OF_ACME = '/.well-known/acme-challenge/'

/**
 * The short way of `handle` for what most requests of a cache are: a fresh whole answer in memory, for somebody who may
 * have it. Whatever is out of the ordinary goes the long way, so nothing that counts or changes may happen here before it
 * is certain that this is none of that.
 */
export function findReadyHit(services: Services, raw: PlainRequest): ReadyHit | null {
  const startedAt = services.timers.now()
  if (services.pressure.isShort || raw.url.startsWith(OF_ACME)) return null
  const admitted = admitPlain(services, raw)
  if (admitted instanceof PolycdnError) return null
  const now = Date.now()
  const found = findFor(services, admitted, now)
  if (found === null) return null
  const ready = readyAnswer(admitted, found, now)
  // Last: it counts. Who is over the limit is not counted, and refused on the long way.
  if (ready === null || services.rateLimits.wait(admitted.route.policy, admitted.client, startedAt) > 0) return null
  const { head, content, encoding } = ready
  const written = (endedAt: number) => {
    const bytes = content.reduce((sum, { length }) => sum + length, 0)
    const ending: Ending = {
      ...NOTHING_SENT,
      status: found.head.status,
      bytes,
      firstByteMs: endedAt - startedAt,
      cache: 'hit',
    }
    try {
      if (encoding !== null && content.length > 0) services.metrics.compressionReused.child(encoding).inc()
      recordEnded(services, { raw, startedAt, endedAt }, admitted, ending)
    } catch (thrown) {
      // The answer has left, and nobody above catches it.
      services.log.throttle('internal-error', 1_000)?.error('internal-error', { error: thrown })
    }
  }
  return { head, content, written }
}

function findFor(services: Services, admitted: Admitted, now: number): Found | null {
  const { route, raw, method } = admitted
  const caching = route.policy.cache
  if (caching === null || route.proves) return null
  if (bypassOf(method, raw.rawHeaders, caching.key, caching.rules) !== null) return null
  const found = services.cache.findReady(keyedRequest(admitted, caching).key, raw.rawHeaders)
  if (found === null || !isProvedEnough(found.head.proof, caching.requiredProof)) return null
  const reuse = reuseOf(found.freshness, requestDirectives(raw.rawHeaders), caching.rules, now)
  const isFresh = reuse.act === 'serve' && reuse.because === 'fresh'
  return isFresh && !isDueEarly(found, () => services.world.random()) ? found : null
}

interface ReadyAnswer extends Pick<ReadyHit, 'head' | 'content'> {
  readonly encoding: Encoding | null
}

function readyAnswer(admitted: Admitted, found: Found, now: number): ReadyAnswer | null {
  const { head, body, encoded, freshness } = found
  if (body === null || body.state !== 'complete' || body.isOverLimit) return null
  const prepared = wholeHead({ admitted, proofs: NOTHING_PROVED }, head)
  const encoding = prepared.encodingFor(admitted.facts)
  const kept = encoding === null ? null : encoded.get(encoding)
  if (kept === undefined) return null
  const moment = { age: currentAge(freshness, now), ttl: timeToLive(freshness, now) }
  const text = prepared.text(encoding, kept?.length ?? 0, moment)
  if (text === null) return null
  return { head: text, encoding, content: isEmpty(admitted, head) ? [] : kept === null ? body.slices(WHOLE) : [kept] }
}

function isEmpty({ method }: Admitted, { status, size }: EntryHead): boolean {
  return method !== 'GET' || status === 204 || size === 0
}
