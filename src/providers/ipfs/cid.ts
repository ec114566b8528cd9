import { base32 } from 'multiformats/bases/base32'
import { base36 } from 'multiformats/bases/base36'
import { base58btc } from 'multiformats/bases/base58'
import { CID } from 'multiformats/cid'
import { ProofError } from '../proof.ts'

export const DAG_PB = 0x70
export const RAW = 0x55

export const IDENTITY = 0x00
export const SHA2_256 = 0x12
export const SHA2_512 = 0x13
export const BLAKE3 = 0x1e

/** Bytes of the digest of each multihash that is accepted; the identity's is bounded by {@link MAX_IDENTITY}. */
const DIGEST_BYTES: ReadonlyMap<number, number> = new Map([
  [SHA2_256, 32],
  [SHA2_512, 64],
  [BLAKE3, 32],
])

/** An identity CID carries its block in itself: only small ones. */
export const MAX_IDENTITY = 128

/** More than the longest CID that is accepted has in any of the bases. */
const MAX_TEXT = 256

const BASES = base32.decoder.or(base36.decoder).or(base58btc.decoder)

/** A CID as text: version 0, or version 1 in base32, base36 or base58btc. Throws a ProofError for any other. */
export function parseCid(text: string): CID {
  if (text.length > MAX_TEXT) throw new ProofError('unproved', 'a CID is too long')
  let cid: CID
  try {
    cid = text.startsWith('Qm') ? CID.parse(text) : CID.parse(text, BASES)
  } catch {
    throw new ProofError('unproved', 'not a CID')
  }
  return admitCid(cid)
}

/**
 * Refuses what cannot be proved or read here: codecs other than dag-pb and raw, unknown hashes, digests of a length
 * that is not the hash's own (a short one proves less than it seems to).
 */
export function admitCid(cid: CID): CID {
  const { code, size } = cid.multihash
  if (cid.code !== DAG_PB && cid.code !== RAW) throw new ProofError('unproved', `codec 0x${cid.code.toString(16)}`)
  const sized = code === IDENTITY ? size <= MAX_IDENTITY : DIGEST_BYTES.get(code) === size
  if (!sized) throw new ProofError('unproved', `multihash 0x${code.toString(16)} of ${size} bytes`)
  return cid
}

export function isIdentity(cid: CID): boolean {
  return cid.multihash.code === IDENTITY
}

/** The one spelling that entity tags and requests use: version 1 in base32, the same for every spelling of a CID. */
export function canonicalCid(cid: CID): string {
  return cid.toV1().toString()
}
