import { createPublicKey } from 'node:crypto'
import { base32 } from 'multiformats/bases/base32'
import { base36 } from 'multiformats/bases/base36'
import { base58btc } from 'multiformats/bases/base58'
import { CID } from 'multiformats/cid'
import { decode } from 'multiformats/hashes/digest'
import { ProofError } from '../proof.ts'
import { equalBytes } from './block.ts'
import { singleFields } from './protobuf.ts'

const LIBP2P_KEY = 0x72
const ED25519 = 1n
const MAX_TEXT = 128

/** A name that is its own public key: who holds the private one says what it points to. */
export interface IpnsName {
  /** The one spelling for requests and for what is remembered: a CID in base36. */
  readonly text: string
  readonly key: ReturnType<typeof createPublicKey>
  /** The key as the record may repeat it. */
  readonly encodedKey: Uint8Array
}

/** `k51…`, `bafz…` or `12D3Koo…`: Ed25519 keys only. Throws a ProofError for any other. */
export function parseIpnsName(text: string): IpnsName {
  const cid = text.length > MAX_TEXT ? null : cidOf(text)
  if (cid === null || cid.code !== LIBP2P_KEY || cid.multihash.code !== 0) throw notAName()
  const encodedKey = cid.multihash.digest
  const message = singleFields(encodedKey)
  const data = message.get(2)
  const good = message.get(1) === ED25519 && data instanceof Uint8Array && data.length === 32 && message.size === 2
  if (!good) throw notAName()
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(data).toString('base64url') }
  return { text: cid.toString(base36), key: createPublicKey({ key: jwk, format: 'jwk' }), encodedKey }
}

export function isKeyOf(name: IpnsName, encodedKey: Uint8Array): boolean {
  return equalBytes(name.encodedKey, encodedKey)
}

function cidOf(text: string): CID | null {
  try {
    // A multihash alone, as peers are written.
    if (text.startsWith('1')) return CID.createV1(LIBP2P_KEY, decode(base58btc.decode(`z${text}`)))
    return CID.parse(text, base36.decoder.or(base32.decoder))
  } catch {
    return null
  }
}

function notAName(): ProofError {
  return new ProofError('unproved', 'not an IPNS name of an Ed25519 key')
}
