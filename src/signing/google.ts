import { createHmac } from 'node:crypto'
import { directoryOf, withParameters } from './link.ts'
import type { Scope, Signer } from './signer.ts'
import { slotOf } from './slot.ts'

export interface GoogleOptions {
  readonly ttl: number
  readonly keyName: string
  /** The 16 bytes that were given to Cloud CDN. */
  readonly key: Uint8Array
  readonly scope: Scope
}

/**
 * Signed URLs of Cloud CDN: HMAC-SHA1 of the URL with Expires and KeyName; for a folder, of these parameters with
 * URLPrefix instead. https://cloud.google.com/cdn/docs/using-signed-urls
 */
export function createGoogleSigner({ ttl, keyName, key, scope }: GoogleOptions): Signer {
  const signatureOf = (text: string) => createHmac('sha1', key).update(text).digest('base64url').padEnd(28, '=')
  return {
    ttl,
    slot: slotOf(ttl),
    reserved: new Set(['Expires', 'KeyName', 'Signature', 'URLPrefix']),
    binds: [],
    sign: ({ origin, path, query, expires }) => {
      const terms = `Expires=${expires}&KeyName=${keyName}`
      if (scope === 'url') {
        const url = origin + withParameters(path, query, terms)
        return `${url}&Signature=${signatureOf(url)}`
      }
      const prefix = Buffer.from(origin + directoryOf(path)).toString('base64url')
      const parameters = `URLPrefix=${prefix.padEnd(Math.ceil(prefix.length / 4) * 4, '=')}&${terms}`
      return `${origin}${withParameters(path, query, parameters)}&Signature=${signatureOf(parameters)}`
    },
  }
}
