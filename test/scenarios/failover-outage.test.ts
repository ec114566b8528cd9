import t from 'tap'
import type { Fault } from '../helpers/faults.ts'
import { skipUnless } from '../helpers/programs.ts'
import { BUDGET, outage } from './failover-outage.ts'

/** Requests a second. */
const RATE = 300
/** Failures that the first ejections take, five each, and what was on its way meanwhile: a second's on a busy machine. */
const UNTIL_EJECTED = RATE

/** By fault, how many tries each request has for nothing: the first, and the first failover while somebody seems well. */
const FREE = { 'reset-before-headers': 2, 'server-errors': 2 } as const satisfies Partial<Record<Fault, number>>

for (const [fault, free] of Object.entries(FREE) as [Fault, number][]) {
  t.test(`all edges down for two seconds (${fault}): tries stay within the budget, traffic comes back`, async (t) => {
    if (!skipUnless(t, 'nginx')) return
    const report = await outage(t, { duration: 2, rate: RATE, fault })
    const { during, attempts, odd, shares } = report
    t.comment(JSON.stringify(report))
    const perSecond = (RATE * BUDGET.percent) / 100 + BUDGET.perSecond
    // And what the bucket holds at its fullest: a second's worth.
    const extra = perSecond * (during / RATE + 1)
    t.ok(attempts >= during / 2, 'the outage was met', { attempts, during })
    t.ok(attempts <= during * free + extra + UNTIL_EJECTED, 'within the budget', { attempts, during, extra })
    t.same(odd, [], 'nothing but answers and visible failures')
    t.equal(report.failedAfter, 0, 'no failure after the return')
    t.ok(shares.at(-1)! > 0.8, 'the first CDN serves again', { shares })
  })
}
