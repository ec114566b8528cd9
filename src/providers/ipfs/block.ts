import { createHash, hash } from 'node:crypto'
import { blake3 } from '@noble/hashes/blake3.js'
import type { CID } from 'multiformats/cid'
import { ProofError } from '../proof.ts'
import { BLAKE3, IDENTITY, SHA2_256, SHA2_512 } from './cid.ts'

/** Gateways and peers exchange no larger blocks. */
export const MAX_BLOCK = 2 * 1024 * 1024

/** The bytes of a block as they arrived, in pieces: joining them would copy each byte of a file once more. */
export interface Block {
  readonly parts: readonly Uint8Array[]
  readonly size: number
  /** Nobody else holds its bytes, nor will give them again. */
  readonly isOnlyHere?: true
}

/** Throws a ProofError unless the bytes are those that the CID names. */
export function verifyBlock(cid: CID, block: Block): void {
  if (block.size > MAX_BLOCK) throw new ProofError('too-large', `a block of ${block.size} bytes`)
  const digest = digestOf(cid.multihash.code, block)
  if (digest === null) throw new ProofError('unproved', `multihash 0x${cid.multihash.code.toString(16)}`)
  if (!equalBytes(digest, cid.multihash.digest)) throw new ProofError('corrupt', 'a block does not hash to its CID')
}

/** The block that an identity CID carries; null for any other CID. */
export function inlineBlock(cid: CID): Block | null {
  const { code, digest } = cid.multihash
  return code === IDENTITY ? { parts: [digest], size: digest.length } : null
}

/** All of a block as one array: for nodes, which are parsed. */
export function joined({ parts }: Block): Uint8Array {
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0
}

function digestOf(code: number, { parts }: Block): Uint8Array | null {
  if (code === IDENTITY) return Buffer.concat(parts)
  if (code === BLAKE3) return parts.reduce((hasher, part) => hasher.update(part), blake3.create()).digest()
  const name = code === SHA2_256 ? 'sha256' : code === SHA2_512 ? 'sha512' : null
  if (name === null) return null
  if (parts.length === 1) return hash(name, parts[0]!, 'buffer')
  const hasher = createHash(name)
  for (const part of parts) hasher.update(part)
  return hasher.digest()
}
