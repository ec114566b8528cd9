import type { Policy } from '../config/snapshot.ts'
import { priceAt, type Quote } from '../costs/quote.ts'
import type { Candidate } from './decision.ts'
import type { RequestFacts } from './request-facts.ts'
import type { World } from './world.ts'

/** What prices depend on. */
export interface Market {
  readonly policy: Policy
  readonly request: RequestFacts
  readonly world: World
}

/**
 * By the price of the next GB, where the policy says that it is paid; equal ones keep their order, but what is paid for
 * and would be lost goes first.
 */
export function cheapestFirst(candidates: readonly Candidate[], { policy, request, world }: Market): Candidate[] {
  const continent = policy.cost.pricedAt ?? request.place.continent
  const offers = candidates.map((candidate, rank) => {
    const quote = world.quote(candidate.endpoint)
    return { candidate, rank, quote, price: priceAt(quote, continent) }
  })
  offers.sort((a, b) => a.price - b.price || a.quote.order - b.quote.order || a.rank - b.rank)
  const first = offers[0]?.quote
  // Who would not have been first anyway misses nothing.
  const misses = ({ commit, order }: Quote) =>
    commit === 'reached' && (first!.commit !== 'open' || order < first!.order)
  return offers.map(({ candidate, quote, price }) => ({
    ...candidate,
    reason: 'cost',
    price,
    ...(misses(quote) ? { commitReached: true } : {}),
  }))
}
