import { createAzurePurge } from './azure.ts'
import { createBunnyPurge } from './bunny.ts'
import { createCloudflarePurge } from './cloudflare.ts'
import { createCloudfrontPurge } from './cloudfront.ts'
import { createFastlyPurge } from './fastly.ts'
import { createGooglePurge } from './google.ts'

export { nameOfTag } from './planning.ts'

/** What makes the PurgeApi of each `purge.api` of the configuration, out of options of its own. */
export const PURGE_APIS = {
  cloudfront: createCloudfrontPurge,
  cloudflare: createCloudflarePurge,
  fastly: createFastlyPurge,
  bunny: createBunnyPurge,
  google: createGooglePurge,
  azure: createAzurePurge,
} as const

export type PurgeApiName = keyof typeof PURGE_APIS
