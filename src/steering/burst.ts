import type { Distance, Policy, Route } from '../config/snapshot.ts'
import type { Candidate, Rejection } from './decision.ts'
import { reachOf } from './reach.ts'
import type { RequestFacts } from './request-facts.ts'
import type { Sifted } from './sift.ts'
import type { World } from './world.ts'

/**
 * Beyond a commit its Cdn gets nothing, while one of those that `burst_to` names can serve. Only who is within reach is
 * rejected: the others would not have been chosen for their price.
 */
export function burst(
  { policy, endpoints }: Route,
  sifted: Sifted,
  order: readonly Distance[] | null,
  market: { readonly request: RequestFacts; readonly world: World },
): Sifted {
  const { burstTo } = policy.cost
  const takes = (index: number) => burstTo.includes(endpoints[index]!.cdnName)
  if (burstTo.length === 0 || !sifted.eligible.some(takes)) return sifted
  const all = sifted.eligible.map((index) => {
    const km = order?.find((distance) => distance.index === index)?.km ?? null
    return { index, endpoint: endpoints[index]!, km }
  })
  const isNear = reachOf(all, { policy, ...market })
  if (!all.some((one) => takes(one.index) && isNear(one))) return sifted
  const spent = all.filter(
    (one) => !takes(one.index) && market.world.quote(one.endpoint).commit === 'reached' && isNear(one),
  )
  if (spent.length === 0) return sifted
  const gone = new Set(spent.map(({ index }) => index))
  const rejected: Rejection[] = spent.map(({ endpoint }) => ({ endpoint, reason: 'commit-reached' }))
  return {
    eligible: sifted.eligible.filter((index) => !gone.has(index)),
    rejected: [...sifted.rejected, ...rejected],
  }
}

/** Says so where one of `burst_to` is first because a commit is reached. */
export function markBurst(candidates: Candidate[], policy: Policy, rejected: readonly Rejection[]): void {
  const first = candidates[0]
  if (first === undefined || !policy.cost.burstTo.includes(first.endpoint.cdnName)) return
  if (rejected.some(({ reason }) => reason === 'commit-reached')) candidates[0] = { ...first, reason: 'commit-burst' }
}
