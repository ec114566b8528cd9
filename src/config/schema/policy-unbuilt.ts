import * as z from 'zod'
import { keyed } from './keyed.ts'
import { size } from './quantities.ts'

export const compress = keyed({
  encodings: z.array(z.enum(['br', 'gzip', 'zstd'])).prefault(['br', 'gzip']),
  types: z.array(z.string()).optional(),
  min_size: size('0B', '1TiB').optional(),
}).describe('Compression towards the client.')
