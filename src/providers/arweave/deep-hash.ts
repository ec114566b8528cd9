import { hash } from 'node:crypto'

/** What is signed: blobs, and lists of what is signed. */
export type DeepHashed = Uint8Array | readonly DeepHashed[]

/**
 * The 48 bytes that an Arweave signature is over: SHA-384 of every part with its kind and its length, so that no two
 * structures have the same bytes.
 */
export function deepHash(part: DeepHashed): Buffer {
  if (part instanceof Uint8Array) return sha384(sha384(Buffer.from(`blob${part.length}`)), sha384(part))
  return part.reduce<Buffer>((so, inner) => sha384(so, deepHash(inner)), sha384(Buffer.from(`list${part.length}`)))
}

function sha384(...parts: readonly Uint8Array[]): Buffer {
  return hash('sha384', parts.length === 1 ? parts[0]! : Buffer.concat(parts), 'buffer')
}
