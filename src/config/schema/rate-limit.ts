import * as z from 'zod'
import { keyed } from './keyed.ts'

export const rateLimit = keyed({
  requests_per_second: z.number().min(0.001).max(1_000_000).describe('Requests of one client, on average.'),
  burst: z
    .int()
    .min(0)
    .max(1_000_000)
    .optional()
    .describe('Requests beyond that at once; left out: as many as come in a second.'),
  by: z
    .enum(['client-address', 'client-network'])
    .prefault('client-address')
    .describe('Who is one client: an address (IPv6: its /64), or its network (/24, IPv6: /48).'),
}).describe('How many requests one client may send; more are answered 429.')
