import * as z from 'zod'
import { keyed } from './keyed.ts'
import { duration, size } from './quantities.ts'

const cacheKey = keyed({
  query: z.unknown().optional(),
  headers: z.array(z.string()).optional(),
  cookies: z.array(z.string()).optional(),
})

export const cache = keyed({
  enabled: z.boolean().prefault(true),
  key: cacheKey.optional(),
  max_object: size('0B', '1TiB').optional(),
  stale_while_revalidate: duration({ min: '0s', max: '8760h' }).optional(),
  stale_if_error: duration({ min: '0s', max: '8760h' }).optional(),
  heuristic: z.boolean().optional(),
}).describe('The response cache.')
