import { createAkamaiSigner } from './akamai.ts'
import { createBunnySigner } from './bunny.ts'
import { createCloudfrontSigner } from './cloudfront.ts'
import { createFastlySigner } from './fastly.ts'
import { createGoogleSigner } from './google.ts'

/** What makes the Signer of each `signing.type` of the configuration, out of options of its own. */
export const SIGNERS = {
  cloudfront: createCloudfrontSigner,
  fastly: createFastlySigner,
  bunny: createBunnySigner,
  akamai: createAkamaiSigner,
  google: createGoogleSigner,
} as const

export type SigningType = keyof typeof SIGNERS
