import * as z from 'zod'
import { keyed } from './keyed.ts'
import { name } from './names.ts'
import { distance, duration } from './quantities.ts'

export const cost = keyed({
  max_extra_distance: distance().prefault('1000km').describe('How much further than the nearest a cheaper CDN may be.'),
  max_extra_latency: duration({ min: '0s', max: '1m' })
    .prefault('50ms')
    .describe('How much slower than the fastest, where both are known.'),
  burst_to: z
    .array(name)
    .prefault([])
    .describe('What comes beyond a commit goes to these, while they can serve. Empty: to whoever costs least.'),
}).describe('What a price may cost in distance; strategy: cost and the tie-breaker follow it.')
