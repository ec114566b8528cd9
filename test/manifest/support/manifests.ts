import { createHash } from 'node:crypto'
import { type Manifest, PIECE } from '../../../src/manifest/manifest.ts'
import { openManifest } from '../../../src/manifest/open-manifest.ts'
import { generatePrivateKey, parsePrivateKey, publicKeyOf } from '../../../src/manifest/private-key.ts'
import { isManifestRefusal } from '../../../src/manifest/refusal.ts'
import { type SignedContent, type SignedFile, signManifest } from '../../../src/manifest/sign-manifest.ts'

export const KEY = parsePrivateKey(generatePrivateKey())!
export const PUBLIC_KEY = publicKeyOf(KEY)
export const NOW = Date.UTC(2026, 10, 26)

/** What a manifest says of these bytes, reckoned here once more. */
export function signedFile(bytes: Uint8Array, more: Partial<SignedFile> = {}): SignedFile {
  const digest = (part: Uint8Array) => createHash('sha256').update(part).digest()
  const count = Math.ceil(bytes.length / PIECE)
  const pieces = Array.from({ length: count }, (_, at) => digest(bytes.subarray(at * PIECE, (at + 1) * PIECE)))
  return {
    size: bytes.length,
    type: 'text/plain',
    sha256: digest(bytes).toString('base64url'),
    ...(count > 1 ? { pieces: Buffer.concat(pieces).toString('base64url') } : {}),
    ...more,
  }
}

export function contentOf(files: Record<string, Uint8Array>, more: Partial<SignedContent> = {}): SignedContent {
  return {
    version: 1,
    site: 'www',
    sequence: 1,
    created: '2026-11-26T00:00:00Z',
    expires: '2027-11-26T00:00:00Z',
    files: Object.fromEntries(Object.entries(files).map(([path, bytes]) => [path, signedFile(bytes)])),
    ...more,
  }
}

/** As it lies in a file. */
export function sealed(files: Record<string, Uint8Array>, more: Partial<SignedContent> = {}): Buffer {
  return signManifest(contentOf(files, more), KEY)
}

export function manifestOf(files: Record<string, Uint8Array>, more: Partial<SignedContent> = {}): Manifest {
  const opened = openManifest(sealed(files, more), PUBLIC_KEY)
  if (isManifestRefusal(opened)) throw new Error(`the manifest ${opened.message}`)
  return opened
}
