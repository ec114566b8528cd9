import { createHmac } from 'node:crypto'
import { directoryOf, percentEncode, withParameters } from './link.ts'
import type { Link, Scope, Signer } from './signer.ts'
import { slotOf } from './slot.ts'

export interface AkamaiOptions {
  readonly ttl: number
  /** Decoded from the hexadecimal text. */
  readonly key: Uint8Array
  readonly algorithm: 'sha256' | 'sha1'
  /** `__token__`, or `hdnts` and the like: as in the property. */
  readonly parameter: string
  /** The property's "Escape token input". */
  readonly escape: boolean
  readonly salt: string | null
  readonly scope: Scope
  /** Patterns that a link opens instead of its scope; empty: the scope. */
  readonly acl: readonly string[]
  /** Whether the token says when it begins. */
  readonly start: boolean
  readonly bindIp: boolean
}

/** What separates the fields and patterns of a token, and what patterns are made of: no path may bring its own. */
const DELIMITERS = /[~!*]/g

/**
 * Auth Token 2.0 (EdgeAuth): fields in the order of Akamai's own libraries, the HMAC of them and of `url` and `salt`,
 * which the token does not show. https://github.com/akamai/EdgeAuth-Token-Node
 */
export function createAkamaiSigner(options: AkamaiOptions): Signer {
  const { ttl, key, algorithm, parameter, salt, bindIp } = options
  const escaped = options.escape ? escapeToken : (text: string) => text
  return {
    ttl,
    slot: slotOf(ttl),
    reserved: new Set([parameter]),
    binds: bindIp ? [4, 6] : [],
    sign: (link) => {
      const path = link.path.replace(DELIMITERS, percentEncode)
      const acl = aclOf(path, options)
      const shown = [...fieldsOf(link, options, escaped), ...(acl === null ? [] : [`acl=${acl}`])]
      const hidden = [...(acl === null ? [`url=${escaped(path)}`] : []), ...(salt === null ? [] : [`salt=${salt}`])]
      const hmac = createHmac(algorithm, key)
        .update([...shown, ...hidden].join('~'))
        .digest('hex')
      return link.origin + withParameters(path, link.query, `${parameter}=${[...shown, `hmac=${hmac}`].join('~')}`)
    },
  }
}

function fieldsOf(
  { client, from, expires }: Link,
  { start }: AkamaiOptions,
  escaped: (text: string) => string,
): string[] {
  const ip = client === null ? [] : [`ip=${escaped(client.text)}`]
  return [...ip, ...(start ? [`st=${from}`] : []), `exp=${expires}`]
}

function aclOf(path: string, { acl, scope }: AkamaiOptions): string | null {
  if (acl.length > 0) return acl.join('!')
  return scope === 'directory' ? `${directoryOf(path)}*` : null
}

/** encodeURIComponent and `~'*`, with lower-case hexadecimal. */
function escapeToken(text: string): string {
  const encoded = encodeURIComponent(text).replace(/[~'*]/g, percentEncode)
  return encoded.replace(/%../g, (digits) => digits.toLowerCase())
}
