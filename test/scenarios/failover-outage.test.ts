import t from 'tap'
import type { Fault } from '../helpers/faults.ts'
import { skipUnless } from '../helpers/programs.ts'
import { BUDGET, outage } from './failover-outage.ts'

/** Failures in a row that an ejection takes; what is on its way at that moment has failed before it knows. */
const UNTIL_EJECTED = 5
/** Requests a second. */
const RATE = 150

/**
 * By fault, how many tries each request has for nothing. Edges that break connections are ejected but for the last, so it
 * is one. A 5xx that everybody gives is charged to the site and ejects nobody: there is the free first failover, too.
 */
const FREE = { 'reset-before-headers': 1, 'server-errors': 2 } as const satisfies Partial<Record<Fault, number>>

for (const [fault, free] of Object.entries(FREE) as [Fault, number][]) {
  t.test(`all edges down for two seconds (${fault}): tries stay within the budget, traffic comes back`, async (t) => {
    if (!skipUnless(t, 'nginx')) return
    const report = await outage(t, { duration: 2, rate: RATE, fault })
    const { during, attempts, pending, mostPending, ejections, odd, shares } = report
    t.comment(JSON.stringify(report))
    const perSecond = (RATE * BUDGET.percent) / 100 + BUDGET.perSecond
    // And what the bucket holds at its fullest: a second's worth.
    const extra = perSecond * (during / RATE + 1)
    t.ok(attempts >= during / 2, 'the outage was met', { attempts, during })
    // All of it counted: a busy machine has more on its way, when the outage begins and whenever an edge is ejected.
    const most = (pending + during) * free + extra + ejections * (UNTIL_EJECTED + mostPending)
    t.ok(attempts <= most, 'within the budget', { most, ...report })
    t.same(odd, [], 'nothing but answers and visible failures')
    t.equal(report.failedAfter, 0, 'no failure after the return')
    t.ok(shares.at(-1)! > 0.9, 'the first CDN serves again', { shares })
  })
}
