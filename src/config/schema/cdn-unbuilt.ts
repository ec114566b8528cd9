import * as z from 'zod'

export const signing = z.looseObject({ type: z.string() }).describe('Signed URLs for redirects.')

export const purge = z.looseObject({ type: z.string() }).describe('How this CDN is purged.')
