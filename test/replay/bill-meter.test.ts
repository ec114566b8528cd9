import t from 'tap'
import type { Cdn } from '../../src/config/snapshot.ts'
import { BillMeter } from '../../src/replay/bill-meter.ts'
import { makeCdn } from '../steering/support/build.ts'

const GB = 1e9
const NOVEMBER = Date.UTC(2026, 10, 20)
const DECEMBER = Date.UTC(2026, 11, 1)

function priced(name: string, price: number, over: Partial<Cdn> = {}): Cdn {
  const pricing = { tiers: [{ upTo: Number.POSITIVE_INFINITY, price }], byContinent: null, per10kRequests: 0 }
  return makeCdn(name, { pricing, ...over })
}

function costs(meter: BillMeter): Record<string, number | null> {
  return Object.fromEntries([...meter.summary()].map(([cdn, { cost }]) => [cdn, cost]))
}

t.test('the months of a log are billed one by one, also of a commit that nobody used', (t) => {
  const volume = { kind: 'gb', amount: 10, pricePerMonth: 100, overage: 2, timezone: 'UTC' } as const
  const meter = new BillMeter([priced('dear', 0.5), priced('kept', 0, { commit: volume }), makeCdn('free')])
  meter.add('dear', 4 * GB, 'EU', NOVEMBER)
  meter.add('kept', 11 * GB, null, NOVEMBER)
  meter.add('free', GB, null, NOVEMBER)
  meter.add('dear', 2 * GB, 'EU', DECEMBER)
  // Late: what is over is over.
  meter.add('dear', 2 * GB, 'EU', NOVEMBER)
  meter.add('origin', GB, null, DECEMBER)
  t.strictSame(costs(meter), { dear: 4, kept: 102 + 100, free: null, origin: null })
  t.end()
})

t.test('a commit is open until it is reached, and again in the next month', (t) => {
  const volume = { kind: 'gb', amount: 10, pricePerMonth: 100, overage: 2, timezone: 'UTC' } as const
  const meter = new BillMeter([priced('kept', 0, { commit: volume })])
  t.equal(meter.quote('kept', NOVEMBER).commit, 'open')
  meter.add('kept', 12 * GB, null, NOVEMBER)
  t.equal(meter.quote('kept', NOVEMBER + 1).commit, 'reached')
  t.equal(meter.quote('kept', DECEMBER).commit, 'open')
  t.end()
})

t.test('nothing in the log, nothing billed', (t) => {
  t.equal(new BillMeter([priced('a', 1)]).summary().size, 0)
  t.end()
})
