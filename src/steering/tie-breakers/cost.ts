import { cheapestFirst } from '../cheapest.ts'
import type { Candidate } from '../decision.ts'
import { reachOf } from '../reach.ts'
import type { TieBreaker } from './tie-breaker.ts'

/** The cheapest first of those within reach of a lower price; those who cost the same stay equal, and the others follow. */
export const cost: TieBreaker = (equals, field) => {
  const isNear = reachOf(equals, field)
  const groups: Candidate[][] = []
  let last: Candidate | null = null
  for (const candidate of cheapestFirst(equals.filter(isNear), field)) {
    const { reason } = equals[0]!
    const same = last !== null && candidate.price === last.price && orderOf(candidate) === orderOf(last)
    if (same) groups.at(-1)!.push({ ...candidate, reason })
    else groups.push([{ ...candidate, reason }])
    last = candidate
  }
  const far = equals.filter((candidate) => !isNear(candidate))
  return far.length === 0 ? groups : [...groups, far]

  function orderOf({ endpoint }: Candidate): number {
    return field.world.quote(endpoint).order
  }
}
