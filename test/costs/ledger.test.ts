import t from 'tap'
import type { Cdn } from '../../src/config/snapshot.ts'
import type { Growth } from '../../src/costs/growth.ts'
import { Ledger } from '../../src/costs/ledger.ts'
import { priceAt } from '../../src/costs/quote.ts'
import { makeCdn } from '../steering/support/build.ts'

const NOVEMBER = Date.parse('2026-11-01T00:00:00Z')
const DECEMBER = Date.parse('2026-12-01T00:00:00Z')
const DAY = 86_400_000
const SAMPLE = 300_000
const MBPS = 37.5e6

const commit = (over: Partial<NonNullable<Cdn['commit']>>) => {
  return { kind: 'mbps' as const, amount: 100, pricePerMonth: 500, overage: 6, timezone: 'UTC', ...over }
}
const part = (cdn: string, bytes: number, over: Partial<Growth> = {}): Growth => {
  return { cdn, continent: 'EU', bytes, estimated: 0, requests: 1, overflow: 0, overflowCost: 0, ...over }
}

function ledgerOf(cdn: Partial<Cdn>, now = NOVEMBER) {
  const ledger = new Ledger()
  const cdns = [makeCdn('x', cdn)]
  ledger.adopt(cdns, now)
  return { ledger, cdns, state: (at: number) => ledger.statements(cdns, at)[0]! }
}

t.test('a level is filled at its pace, and refilled in the next sample', async (t) => {
  const { ledger } = ledgerOf({ commit: commit({}) })
  const quoteAfter = (bytes: number, at: number) => {
    ledger.add([part('x', bytes)], at)
    return ledger.quote('x', at)
  }
  t.equal(quoteAfter(0, NOVEMBER).commit, 'open')
  t.equal(priceAt(ledger.quote('x', NOVEMBER), 'EU'), 0)
  const early = quoteAfter(10 * MBPS, NOVEMBER + 1_000)
  t.equal(early.commit, 'reached', 'a tenth of the sample is delivered in its first second')
  t.equal(priceAt(early, 'EU'), (6 / 37.5e6) * 1e9, 'a GB more raises the percentile by 26.7 Mbit/s')
  t.equal(ledger.quote('x', NOVEMBER + 60_000).commit, 'open')
  t.equal(quoteAfter(95 * MBPS, NOVEMBER + 61_000).commit, 'reached')
  t.equal(ledger.quote('x', NOVEMBER + SAMPLE - 1).commit, 'reached')
  t.equal(ledger.quote('x', NOVEMBER + SAMPLE).commit, 'open')
})

t.test('free samples are spent on the peaks of the day before, and never all of them', async (t) => {
  const { ledger, state } = ledgerOf({ commit: commit({}) })
  const overflow = (mbps: number, at: number) => ledger.add([part('x', 0, { overflow: mbps * MBPS })], at)
  // Every evening has two hours in which five times as much is asked for.
  const wanted = (at: number) => (at % 288 >= 240 && at % 288 < 264 ? 500 : 90)
  let bursts = 0
  for (let at = 0; at < 30 * 288; at++) {
    const start = NOVEMBER + at * SAMPLE
    for (let slice = 0; slice < 100; slice++) {
      const some = wanted(at) / 100
      if (ledger.quote('x', start + slice * 3000).commit === 'open')
        ledger.add([part('x', some * MBPS)], start + slice * 3000)
      else overflow(some, start + slice * 3000)
    }
    if (ledger.export()[0]!.books.samples[at]! > 105 * MBPS) bursts++
  }
  t.ok(bursts > 400 && bursts <= 432, `${bursts} of 432 free samples were used`)
  t.ok(state(DECEMBER - 1).p95_mbps <= 100.5, `the percentile is ${state(DECEMBER - 1).p95_mbps}`)
  t.equal(state(DECEMBER - 1).samples_over_commit, bursts)
})

t.test('what a volume is worth rises as it runs ahead of the month', async (t) => {
  const { ledger, state } = ledgerOf({ commit: commit({ kind: 'gb', amount: 3000, overage: 0.04 }) })
  const price = (at: number) => priceAt(ledger.quote('x', at), null)
  const noon = NOVEMBER + 15 * DAY
  ledger.add([part('x', 1000e9)], noon)
  t.equal(price(noon), 0, 'a third in half of the time')
  ledger.add([part('x', 500e9)], noon)
  t.ok(Math.abs(price(noon) - 0.02) < 1e-9, 'half in half of the time')
  ledger.add([part('x', 300e9)], noon)
  t.equal(price(noon), 0.04)
  t.equal(ledger.quote('x', noon).commit, 'open')
  ledger.add([part('x', 1200e9)], noon)
  t.equal(ledger.quote('x', noon).commit, 'reached')
  t.equal(state(noon).cost, 500)
  t.equal(state(noon).projected_cost, 500 + 3000 * 0.04)
})

t.test('max_mbps: full while more came than fits, and then not', async (t) => {
  const { ledger } = ledgerOf({ maxMbps: 8 })
  t.equal(ledger.quote('x', NOVEMBER).full, false)
  ledger.add([part('x', 10e6)], NOVEMBER)
  t.equal(ledger.quote('x', NOVEMBER).full, true, '10 s at this rate, of which 5 are granted')
  t.equal(ledger.quote('x', NOVEMBER + 5_001).full, false)
})

t.test('months end, clocks jump', async (t) => {
  const { ledger, state } = ledgerOf({ commit: commit({}) })
  ledger.add([part('x', 7)], DECEMBER - 1)
  t.match(state(DECEMBER - 1), { month: '2026-11', bytes: 7 })
  ledger.add([part('x', 5)], DECEMBER)
  t.match(state(DECEMBER), { month: '2026-12', bytes: 5, requests: 1 })
  ledger.add([part('x', 1)], DECEMBER - 60_000)
  t.match(state(DECEMBER - 60_000), { month: '2026-12', bytes: 6 }, 'set back by a minute, into the month before')
  ledger.add([part('x', 2)], DECEMBER - 3 * DAY)
  t.match(state(DECEMBER - 3 * DAY), { month: '2026-11', bytes: 2 }, 'set back by days')
  ledger.add([part('x', 3)], Date.parse('2031-02-03T00:00:00Z'))
  t.match(state(Date.parse('2031-02-03T00:00:00Z')), { month: '2031-02', bytes: 3 })
  t.equal(ledger.export()[0]!.before.length, 0, 'of years ago nothing is remembered')
})

t.test('a reload keeps the books, and another time zone moves the samples', async (t) => {
  const { ledger, state } = ledgerOf({ commit: commit({}) })
  ledger.add([part('x', 100 * MBPS)], NOVEMBER + DAY)
  ledger.adopt([makeCdn('x', { commit: commit({ amount: 10, timezone: 'Europe/Berlin' }) })], NOVEMBER + 2 * DAY)
  t.match(state(NOVEMBER + 2 * DAY), {
    bytes: 100 * MBPS,
    month: '2026-11',
    samples_over_commit: 1,
    commit: { mbps: 10 },
  })
  t.equal(ledger.export()[0]!.books.samples[288 + 12], 100 * MBPS)
  ledger.adopt([], NOVEMBER + 2 * DAY)
  t.equal(ledger.export()[0]!.books.bytes, 100 * MBPS, 'a Cdn that is gone for a while')
  ledger.add([part('nobody', 1)], NOVEMBER)
  t.equal(ledger.export().length, 1)
})

t.test('after a quiet turn of the month another time zone brings nothing of the month before along', async (t) => {
  const { ledger, state } = ledgerOf({ commit: commit({}) })
  ledger.add([part('x', 100 * MBPS)], NOVEMBER + DAY)
  ledger.adopt([makeCdn('x', { commit: commit({ timezone: 'Europe/Berlin' }) })], DECEMBER + 5 * DAY)
  t.match(state(DECEMBER + 5 * DAY), { month: '2026-12', bytes: 0, requests: 0, samples_over_commit: 0 })
})

t.test('what was kept is taken over into other terms as a reload would', async (t) => {
  const { ledger } = ledgerOf({ commit: commit({}) })
  ledger.add([part('x', 100 * MBPS)], NOVEMBER + DAY)
  const now = NOVEMBER + 2 * DAY
  const berlin = ledgerOf({ commit: commit({ amount: 10, timezone: 'Europe/Berlin' }) }, now)
  berlin.ledger.import(ledger.export(), now)
  t.match(berlin.state(now), { month: '2026-11', bytes: 100 * MBPS, requests: 1, samples_over_commit: 1 })
  t.equal(berlin.ledger.export()[0]!.books.samples[288 + 12], 100 * MBPS)
  const listed = ledgerOf({}, now)
  listed.ledger.import(ledger.export(), now)
  t.match(listed.state(now), { bytes: 100 * MBPS, requests: 1 })
  t.equal(listed.ledger.export()[0]!.books.offered, null)
  const future = ledgerOf({ commit: commit({}) }, NOVEMBER - 300 * DAY)
  future.ledger.import(ledger.export(), NOVEMBER - 300 * DAY)
  t.equal(future.state(NOVEMBER - 300 * DAY).bytes, 0, 'a month that has not begun')
})

t.test('more than 100,000 events a second', async (t) => {
  const { ledger } = ledgerOf({ commit: commit({}), maxMbps: 500 })
  const began = performance.now()
  for (let at = 0; at < 100_000; at++) {
    ledger.quote('x', NOVEMBER + at * 20)
    ledger.add([part('x', 50_000)], NOVEMBER + at * 20)
  }
  const rate = 100_000 / ((performance.now() - began) / 1000)
  t.comment(`${Math.round(rate)} events a second`)
  t.equal(ledger.export()[0]!.books.requests, 100_000)
})
