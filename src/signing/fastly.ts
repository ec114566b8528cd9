import { createHmac } from 'node:crypto'
import { withParameters } from './link.ts'
import type { Signer } from './signer.ts'
import { slotOf } from './slot.ts'

export interface FastlyOptions {
  readonly ttl: number
  /** Decoded, as `digest.base64_decode` gives it to the VCL. */
  readonly key: Uint8Array
  readonly parameter: string
  /** What the VCL signs: the URL without the token, or the path alone as its older versions did. */
  readonly covers: 'url' | 'path'
}

/**
 * `token=<expires>_<HMAC-SHA1 of what is covered and expires, hexadecimal>`: the token validation of Fastly's guide
 * "Enabling URL token validation" and of fastly/token-functions. The older VCL takes the last `token=` that it finds, so
 * it is the last parameter.
 */
export function createFastlySigner({ ttl, key, parameter, covers }: FastlyOptions): Signer {
  return {
    ttl,
    slot: slotOf(ttl),
    reserved: new Set([parameter]),
    binds: [],
    sign: ({ origin, path, query, expires }) => {
      const covered = covers === 'path' || query === '' ? path : `${path}?${query}`
      const signature = createHmac('sha1', key).update(`${covered}${expires}`).digest('hex')
      return origin + withParameters(path, query, `${parameter}=${expires}_${signature}`)
    },
  }
}
