import * as z from 'zod'
import { keyed } from './keyed.ts'
import { notYet } from './not-yet.ts'

const price = z.number().min(0)

const perGb = z.union([price, z.record(z.string(), price), z.array(keyed({ up_to_gb: price.optional(), price }))], {
  error: () => 'a price, prices by continent, or a list of tiers',
})

export const pricing = keyed({
  per_gb: notYet(perGb.describe('Price of a GB.'), 0).prefault(0),
  per_10k_requests: notYet(price.describe('Price of 10,000 requests.'), 0).prefault(0),
}).describe('What delivery costs.')

export const commit = keyed({
  mbps: price.optional(),
  gb: price.optional(),
  price_per_month: price,
  overage_per_mbps: price.optional(),
  overage_per_gb: price.optional(),
  share: price.optional(),
  timezone: z.string().optional(),
}).describe('What is paid for in any case.')

export const signing = z.looseObject({ type: z.string() }).describe('Signed URLs for redirects.')

export const purge = z.looseObject({ type: z.string() }).describe('How this CDN is purged.')
