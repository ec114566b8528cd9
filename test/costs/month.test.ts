import t from 'tap'
import { monthName, monthOf, samplesOf } from '../../src/costs/month.ts'

const MONTHS: readonly (readonly [at: string, zone: string, start: string, end: string, samples: number])[] = [
  ['2026-11-15T12:00:00Z', 'UTC', '2026-11-01T00:00:00Z', '2026-12-01T00:00:00Z', 8640],
  ['2026-12-31T23:59:59Z', 'UTC', '2026-12-01T00:00:00Z', '2027-01-01T00:00:00Z', 8928],
  ['2028-02-29T00:00:00Z', 'UTC', '2028-02-01T00:00:00Z', '2028-03-01T00:00:00Z', 8352],
  // The clocks go forward in March, and back in October: an hour less, an hour more.
  ['2026-03-31T21:59:59Z', 'Europe/Berlin', '2026-02-28T23:00:00Z', '2026-03-31T22:00:00Z', 8916],
  ['2026-10-31T22:59:59Z', 'Europe/Berlin', '2026-09-30T22:00:00Z', '2026-10-31T23:00:00Z', 8940],
  // The first of the month has begun there already, and not yet there.
  ['2026-05-31T15:00:00Z', 'Asia/Tokyo', '2026-05-31T15:00:00Z', '2026-06-30T15:00:00Z', 8640],
  ['2026-06-01T03:59:59Z', 'America/New_York', '2026-05-01T04:00:00Z', '2026-06-01T04:00:00Z', 8928],
  // The first of October began at one, and midnight was skipped.
  ['2023-09-30T12:00:00Z', 'America/Asuncion', '2023-09-01T04:00:00Z', '2023-10-01T04:00:00Z', 8640],
  ['2023-10-01T04:00:00Z', 'America/Asuncion', '2023-10-01T04:00:00Z', '2023-11-01T03:00:00Z', 8916],
  // The first of November begins twice.
  ['2026-11-01T04:30:00Z', 'America/Havana', '2026-11-01T04:00:00Z', '2026-12-01T05:00:00Z', 8652],
  ['2026-07-15T00:00:00Z', 'Asia/Kathmandu', '2026-06-30T18:15:00Z', '2026-07-31T18:15:00Z', 8928],
]

t.test('months of several time zones', async (t) => {
  for (const [at, zone, start, end, samples] of MONTHS) {
    const month = monthOf(Date.parse(at), zone)
    t.same(month, { start: Date.parse(start), end: Date.parse(end) }, `${at} in ${zone}`)
    t.equal(samplesOf(month), samples, `${samples} samples`)
    t.same(monthOf(month.start, zone), month, 'its first moment belongs to it')
    t.equal(monthOf(month.end, zone).start, month.end, 'its end is where the next one starts')
  }
  t.equal(monthName(monthOf(Date.parse('2026-05-31T15:00:00Z'), 'Asia/Tokyo'), 'Asia/Tokyo'), '2026-06')
  t.throws(() => monthOf(0, 'Mars/Olympus'), RangeError)
})
