import { createPublicKey, verify } from 'node:crypto'

const KEY_TEXT = /^ed25519:([A-Za-z0-9_-]{42}[AEIMQUYcgkosw048])$/

/** A text such as `ed25519:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo` names a public key: 32 bytes in base64url. */
export function isPublicKeyText(text: unknown): text is string {
  return typeof text === 'string' && KEY_TEXT.test(text)
}

/** Whether this key signed these bytes (Ed25519, RFC 8032). False for what is no key, too. */
export function isSignedBy(publicKey: string, signed: Uint8Array, signature: Uint8Array): boolean {
  const x = KEY_TEXT.exec(publicKey)?.[1]
  if (x === undefined) return false
  try {
    const key = createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x } })
    return verify(null, signed, key, signature)
  } catch {
    return false
  }
}
