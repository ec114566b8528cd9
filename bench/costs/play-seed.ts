import { seededRandom } from '../../test/helpers/random.ts'
import { lowerBound } from './bound.ts'
import { type Demand, drawDemand } from './demand.ts'
import { type Outcome, simulate } from './simulate.ts'

export interface SeedResult {
  readonly seed: number
  /** 1: nothing is known at its beginning. 2: what the first one taught is. */
  readonly month: 1 | 2
  /** What no bill can be below. */
  readonly bound: number
  readonly cost: number
  readonly proximity: number
}

/** January and February, in samples. */
const ENDS = [31 * 288, 59 * 288] as const
const START = Date.UTC(2026, 0, 1)

/** @param slices requests a sample and region, for `cost`; proximity has no use for many */
export function playSeed(seed: number, slices: number): SeedResult[] {
  const random = seededRandom(seed)
  const demand = drawDemand(random, ENDS[1])
  const span = { start: START, random }
  const cost = simulate('cost', demand, ENDS, { ...span, slices })
  const proximity = simulate('proximity', demand, ENDS, { ...span, slices: Math.min(slices, 20) })
  return ([1, 2] as const).map((month) => {
    const from = month === 1 ? 0 : ENDS[0]
    const task = taskOf(demand, from, ENDS[month - 1]!, cost[month - 1]!)
    const bills = { cost: cost[month - 1]!.bill, proximity: proximity[month - 1]!.bill }
    return { seed, month, bound: lowerBound(task), ...bills }
  })
}

function taskOf({ EU, NA, AS }: Demand, from: number, to: number, { peaks }: Outcome) {
  const west = EU.slice(from, to).map((rate, at) => rate + NA[from + at]!)
  return { west, asia: AS.slice(from, to), peaks }
}
