import { createPrivateKey, sign } from 'node:crypto'
import { directoryOf, percentEncode, withParameters } from './link.ts'
import { SignatureMemo } from './signature-memo.ts'
import type { Link, Scope, Signer } from './signer.ts'
import { slotOf } from './slot.ts'

export interface CloudfrontOptions {
  readonly ttl: number
  readonly keyPairId: string
  /** PEM of an RSA key. */
  readonly privateKey: string
  readonly hash: 'sha1' | 'sha256'
  readonly scope: Scope
  readonly bindIp: boolean
}

/**
 * Signed URLs of CloudFront: a canned policy where it is enough, else a custom one, which can name a folder and the
 * client's address. https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-signed-urls.html
 *
 * A signature of a canned policy is one of the same custom policy, in which `*` and `?` are wildcards: a link for `/*`
 * would open everything. No URL is signed that has them, but for the one `?` before its query.
 */
export function createCloudfrontSigner({ ttl, keyPairId, hash, scope, bindIp, ...options }: CloudfrontOptions): Signer {
  const key = createPrivateKey(options.privateKey)
  const memo = new SignatureMemo((policy) => base64(sign(hash, Buffer.from(policy), key)))
  const suffix = `&Key-Pair-Id=${keyPairId}${hash === 'sha256' ? '&Hash-Algorithm=SHA256' : ''}`
  return {
    ttl,
    slot: slotOf(ttl),
    reserved: new Set(['Expires', 'Policy', 'Signature', 'Key-Pair-Id', 'Hash-Algorithm']),
    binds: bindIp ? [4] : [],
    sign: (raw) => {
      const link = {
        ...raw,
        path: raw.path.replace(/\*/g, percentEncode),
        query: raw.query.replace(/[*?]/g, percentEncode),
      }
      const policy = policyOf(link, scope)
      const custom = scope === 'directory' || link.client !== null
      const terms = custom ? `Policy=${base64(Buffer.from(policy))}` : `Expires=${link.expires}`
      const parameters = `${terms}&Signature=${memo.of(policy)}${suffix}`
      return link.origin + withParameters(link.path, link.query, parameters)
    },
  }
}

/** Without spaces, in this order: CloudFront writes the canned one down again and compares. */
function policyOf({ origin, path, query, expires, client }: Link, scope: Scope): string {
  const resource = scope === 'directory' ? `${directoryOf(path)}*` : `${path}${query === '' ? '' : `?${query}`}`
  const limits = {
    DateLessThan: { 'AWS:EpochTime': expires },
    ...(client === null ? {} : { IpAddress: { 'AWS:SourceIp': `${client.text}/32` } }),
  }
  return JSON.stringify({ Statement: [{ Resource: origin + resource, Condition: limits }] })
}

function base64(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('+', '-').replaceAll('=', '_').replaceAll('/', '~')
}
