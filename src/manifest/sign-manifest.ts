import { type KeyObject, sign } from 'node:crypto'
import canonicalize from 'canonicalize'
import { sealEnvelope } from './envelope.ts'
import { publicKeyOf } from './private-key.ts'

/** One file, as JSON has it. `pieces` only where there is more than one, `refs` only where there are any. */
export interface SignedFile {
  readonly size: number
  readonly type: string
  readonly sha256: string
  readonly pieces?: string
  readonly refs?: Readonly<Record<string, string>>
}

/** A manifest, as JSON has it. Times are RFC 3339 in UTC. */
export interface SignedContent {
  readonly version: 1
  readonly site: string
  readonly sequence: number
  readonly created: string
  readonly expires: string
  readonly files: Readonly<Record<string, SignedFile>>
}

/** The bytes of a manifest in its envelope. Equal arguments, equal bytes: Ed25519 draws nothing (RFC 8032). */
export function signManifest(content: SignedContent, privateKey: KeyObject): Buffer {
  const signed = Buffer.from(canonicalize(content)!)
  return sealEnvelope({ publicKey: publicKeyOf(privateKey), signed, signature: sign(null, signed, privateKey) })
}
