import { decide } from '../steering/decide.ts'
import type { Decision } from '../steering/decision.ts'
import { decisionField } from './debug.ts'
import { deliver, endingOf } from './deliver.ts'
import { type CacheResult, type Exchange, NOTHING_SENT } from './exchange.ts'
import { clientHeaders } from './headers.ts'
import { jobOf } from './job-of.ts'
import { recordAnswer } from './record.ts'
import { editForRedirect, type Redirect, redirectTo } from './redirect.ts'

/** Why a request went past the cache, or found nothing there. */
export interface PastCache {
  readonly result: CacheResult | null
  /** Header fields that say so, a flat list. */
  readonly fields: readonly string[]
}

const NO_CACHE: PastCache = { result: null, fields: [] }

/** Decides who is to answer a request, and then redirects or delivers. */
export function steer(exchange: Exchange, past: PastCache = NO_CACHE): void {
  const { services, arrival, admitted, proofs, writer } = exchange
  const decision = decide(admitted.route, admitted.facts, services.world, proofs.unfit)
  const debug = decisionField(admitted, decision)
  const redirect = redirectTo(admitted, decision, Date.now())
  if (redirect !== null) return sendAway(exchange, decision, redirect, debug)
  const job = jobOf(exchange, decision, [...debug, ...past.fields])
  deliver(exchange, job, writer, (delivered) => {
    const ending = endingOf(arrival, decision, delivered)
    recordAnswer(exchange, { ...ending, cache: past.result })
  })
}

function sendAway(exchange: Exchange, decision: Decision, { status, headers }: Redirect, debug: string[]): void {
  const { services, arrival, writer } = exchange
  const { endpoint, reason } = decision.candidates[0]!
  const edits = [endpoint.cdn!.headers.response, decision.policy.headers.response].map(editForRedirect)
  writer.head(status, clientHeaders(headers, edits, debug))
  writer.end()
  const firstByteMs = services.timers.now() - arrival.startedAt
  recordAnswer(exchange, {
    ...NOTHING_SENT,
    status,
    servedBy: endpoint,
    reason,
    decision,
    firstByteMs,
  })
}
