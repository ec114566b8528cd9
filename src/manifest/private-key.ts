import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'

/** A new private key in PEM (PKCS #8). */
export function generatePrivateKey(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

/** null: this is no private key that signs manifests. */
export function parsePrivateKey(pem: string): KeyObject | null {
  try {
    const key = createPrivateKey(pem)
    return key.asymmetricKeyType === 'ed25519' ? key : null
  } catch {
    return null
  }
}

/** `ed25519:…`, as a configuration has it. */
export function publicKeyOf(privateKey: KeyObject): string {
  return `ed25519:${createPublicKey(privateKey).export({ format: 'jwk' }).x}`
}
