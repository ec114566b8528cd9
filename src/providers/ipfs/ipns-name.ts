import { createPublicKey } from 'node:crypto'
import { base32 } from 'multiformats/bases/base32'
import { base36 } from 'multiformats/bases/base36'
import { base58btc } from 'multiformats/bases/base58'
import { CID } from 'multiformats/cid'
import { decode as decodeDigest } from 'multiformats/hashes/digest'

/** An IPNS name that holds its own public key. */
export interface IpnsName {
  /** The one spelling that is asked for and remembered: a CID of version 1 in base36. */
  readonly text: string
  readonly key: ReturnType<typeof createPublicKey>
}

const LIBP2P_KEY = 0x72
const IDENTITY = 0x00
/** A protobuf of 36 bytes: the type Ed25519 (1), then 32 bytes of key. */
const ED25519 = Buffer.from([0x08, 0x01, 0x12, 0x20])
/** What a key of 32 bytes begins with as a SubjectPublicKeyInfo (RFC 8410 section 4). */
const SPKI = Buffer.from('302a300506032b6570032100', 'hex')

/**
 * A name in base36 (`k51…`), base32 (`b…`) or base58 (`12D3Koo…`). Null for what is none, and for names that are only a
 * hash of their key (RSA): such a key comes with the record.
 */
export function parseIpnsName(text: string): IpnsName | null {
  const digest = digestOf(text)
  if (digest === null || digest.code !== IDENTITY || digest.digest.length !== ED25519.length + 32) return null
  const key = Buffer.from(digest.digest)
  if (!key.subarray(0, ED25519.length).equals(ED25519)) return null
  const der = Buffer.concat([SPKI, key.subarray(ED25519.length)])
  return {
    text: CID.createV1(LIBP2P_KEY, digest).toString(base36),
    key: createPublicKey({ key: der, format: 'der', type: 'spki' }),
  }
}

function digestOf(text: string) {
  if (text.length > 128) return null
  try {
    if (text.startsWith('1')) return decodeDigest(base58btc.baseDecode(text))
    const cid = CID.parse(text, text.startsWith('k') ? base36 : base32)
    return cid.version === 1 && cid.code === LIBP2P_KEY ? cid.multihash : null
  } catch {
    return null
  }
}
