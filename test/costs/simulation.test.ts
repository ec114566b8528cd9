import t from 'tap'
import { lowerBound } from '../../bench/costs/bound.ts'
import { drawDemand } from '../../bench/costs/demand.ts'
import { simulate } from '../../bench/costs/simulate.ts'
import { seededRandom } from '../helpers/random.ts'

/** One February in few, large requests; bench/costs.ts plays more of them, smaller ones, and writes the table of docs/costs.md. */
t.test('a month by cost is near to the bound, and far below proximity', async (t) => {
  const seed = Number(process.env.COSTS_SEED ?? 1)
  t.comment(`COSTS_SEED=${seed}`)
  const random = seededRandom(seed)
  const samples = 28 * 288
  const demand = drawDemand(random, samples)
  const span = { start: Date.UTC(2026, 1, 1), random }
  const [cost] = simulate('cost', demand, [samples], { ...span, slices: 40 })
  const [proximity] = simulate('proximity', demand, [samples], { ...span, slices: 4 })
  const west = demand.EU.map((rate, at) => rate + demand.NA[at]!)
  const bound = lowerBound({ west, asia: demand.AS, peaks: cost!.peaks })
  const above = cost!.bill / bound - 1
  t.ok(above >= 0 && above < 0.08, `${(100 * above).toFixed(1)} % above the bound of ${bound.toFixed(0)}`)
  t.ok(proximity!.bill > 1.5 * cost!.bill, `proximity: ${proximity!.bill.toFixed(0)}`)
})
