import * as z from 'zod'
import { refuse } from '../values/refusal.ts'
import { keyed } from './keyed.ts'
import { text } from './text.ts'

const amount = () => z.number().min(0).max(1e12)

const tier = keyed({
  up_to_gb: amount().optional().describe('Where the tier ends; the last one has no end.'),
  price: amount().describe('The price of a GB in it.'),
})

const perGb = z.union([amount(), z.record(z.string(), amount()), z.array(tier).min(1).max(64)], {
  error: () => 'a price, prices by continent, or a list of tiers',
})

export const pricing = keyed({
  per_gb: perGb.prefault(0).describe('A GB (10^9 bytes): one price, prices by continent, or tiers of the month.'),
  per_10k_requests: amount().prefault(0).describe('The price of 10,000 requests.'),
}).describe('What delivery costs, in any one currency.')

export const commit = keyed({
  mbps: amount().optional().describe('The 95th percentile that is paid for, Mbit/s.'),
  gb: amount().optional().describe('The GB a month that are paid for.'),
  price_per_month: amount().describe('What that costs.'),
  overage_per_mbps: amount().optional().describe('1 Mbit/s beyond `mbps`; left out: as much as within.'),
  overage_per_gb: amount().optional().describe('A GB beyond `gb`; left out: as much as within.'),
  share: z.number().min(0).max(1).prefault(1).describe('The part of the commit that this gateway may use, and pays.'),
  timezone: text('a time zone such as UTC or Europe/Berlin', parseTimezone)
    .prefault('UTC')
    .describe('Where its months begin.'),
}).describe('What is paid for in any case.')

function parseTimezone(input: unknown) {
  if (typeof input !== 'string') return undefined
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: input })
    return input
  } catch {
    return refuse('unknown time zone', Intl.supportedValuesOf('timeZone'))
  }
}
