import * as z from 'zod'

export const purge = z.looseObject({ type: z.string() }).describe('How this CDN is purged.')
