import { earlyRefreshAt } from '../../cache/rules/reuse.ts'
import type { Found } from '../../cache/tiers.ts'
import { countAsking } from '../record.ts'
import type { Asking } from './cache-miss.ts'
import { Fetch, type FirstAsker } from './fetch.ts'
import { firstPart } from './pieces-first.ts'

/** Milliseconds: what is fresh for less than this is asked for when it is stale. */
const WORTH_A_START = 60_000

/** When each stored answer is asked for again though it is fresh: drawn once, so that many gateways do not ask at once. */
const EARLY = new WeakMap<object, number>()

/** Asks for a stored answer again behind the client's back, unless somebody does already. */
export function refresh({ exchange, asked, caching }: Asking, stored: Found): void {
  const { cache, metrics } = exchange.services
  const boarding = cache.board(asked.key)
  if (boarding.role === 'waiter') boarding.leave()
  if (boarding.role !== 'leader') return
  const asker: FirstAsker = {
    landed: () => {},
    passing: () => null,
    interim: () => {},
    again: () => {},
    refused: () => 0,
    ended: ({ records: attempts, resumes }, decision) => countAsking(metrics, { decision, attempts, resumes }),
  }
  const part = firstPart({ exchange, asked, caching }, stored)
  new Fetch({ exchange, asked, caching, stored, part, flight: boarding, asker }).start()
}

/** The same for what is about to become stale. */
export function refreshEarly(asking: Asking, stored: Found): void {
  if (isDueEarly(stored, () => asking.exchange.services.world.random())) refresh(asking, stored)
}

/** Whether a stored answer that is fresh is to be asked for again. */
export function isDueEarly({ freshness }: Found, random: () => number): boolean {
  if (freshness.lifetime < WORTH_A_START) return false
  let at = EARLY.get(freshness)
  if (at === undefined) {
    at = earlyRefreshAt(freshness, random())
    EARLY.set(freshness, at)
  }
  return Date.now() >= at
}
