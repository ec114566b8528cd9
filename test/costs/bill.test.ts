import t from 'tap'
import type { Cdn } from '../../src/config/snapshot.ts'
import { openBooks } from '../../src/costs/account.ts'
import { billOf } from '../../src/costs/bill.ts'
import { monthOf } from '../../src/costs/month.ts'
import { billedPercentile, freeSamples } from '../../src/costs/percentile.ts'
import { costOfBytes, perGb } from '../../src/costs/price.ts'
import { makeCdn } from '../steering/support/build.ts'

const MONTH = monthOf(Date.parse('2026-11-10T00:00:00Z'), 'UTC')
const MBPS = 37.5e6
const GB = 1e9

t.test('the percentile drops the highest 5 %, rounded down, and bills the next', async (t) => {
  t.equal(freeSamples(8640), 432)
  t.equal(freeSamples(8928), 446)
  const values = Float64Array.from({ length: 100 }, (_, at) => (at * 37) % 100)
  t.equal(billedPercentile(values, 100), 94, '95 to 99 are dropped')
  t.equal(billedPercentile(values.subarray(0, 19), 19), Math.max(...values.subarray(0, 19)), 'of 19 none is free')
  t.equal(billedPercentile(Float64Array.of(7), 8640), 0, 'one busy sample in a month is free')
})

t.test('prices by continent and in tiers', async (t) => {
  const tiers = [
    { upTo: 10, price: 0.1 },
    { upTo: 50, price: 0.05 },
    { upTo: Number.POSITIVE_INFINITY, price: 0.01 },
  ]
  const tiered = { tiers, byContinent: null, per10kRequests: 0 }
  t.equal(costOfBytes(tiered, { EU: 60 * GB, default: 40 * GB }), 10 * 0.1 + 40 * 0.05 + 50 * 0.01)
  t.equal(perGb(tiered, 'EU', 10 * GB - 1), 0.1)
  t.equal(perGb(tiered, 'EU', 10 * GB), 0.05)
  t.equal(perGb(tiered, null, 1e15), 0.01)
  const byContinent = new Map([
    ['EU', 0.02],
    ['default', 0.12],
  ])
  const local = { tiers: [], byContinent, per10kRequests: 0 }
  t.equal(costOfBytes(local, { EU: 10 * GB, AS: 1 * GB, default: 1 * GB }), 0.2 + 0.24)
  t.equal(perGb(local, 'AS', 0), 0.12)
})

const BILLS: readonly (readonly [name: string, cdn: Partial<Cdn>, soFar: number, projected: number])[] = [
  ['by the GB', { pricing: { tiers: [{ upTo: 1e99, price: 0.1 }], byContinent: null, per10kRequests: 2 } }, 32.4, 64.8],
  ['within a commit', { commit: commit('mbps', 3, 9) }, 100, 100],
  ['beyond a commit', { commit: commit('mbps', 0.5, 9) }, 100 + 9 * 0.5, 100 + 9 * 0.5],
  ['within a volume, and in the end beyond it', { commit: commit('gb', 400, 0.5) }, 100, 100 + 0.5 * 248],
]

function commit(kind: 'mbps' | 'gb', amount: number, overage: number): Cdn['commit'] {
  return { kind, amount, pricePerMonth: 100, overage, timezone: 'UTC' }
}

t.test('a bill, half of the month later', async (t) => {
  const books = openBooks(MONTH, true)
  books.samples.fill(MBPS, 0, 4320)
  books.samples.fill(50 * MBPS, 0, 200)
  Object.assign(books, { bytes: 324 * GB, requests: 0 })
  books.byContinent.EU = 324 * GB
  for (const [name, terms, soFar, projected] of BILLS) {
    const bill = billOf(makeCdn('x', terms), books, MONTH.start + 15 * 86_400_000)
    t.ok(Math.abs(bill.soFar - soFar) < 1e-9, `${name}: ${bill.soFar}, so far`)
    t.ok(Math.abs(bill.projected - projected) < 1e-9, `${name}: ${bill.projected}, projected`)
    t.equal(bill.p95, 1)
  }
  const requests = { tiers: [{ upTo: 1e99, price: 0 }], byContinent: null, per10kRequests: 2 }
  const busy = { ...books, requests: 25_000 }
  t.equal(billOf(makeCdn('x', { pricing: requests }), busy, MONTH.end).soFar, 5)
})
