import { createPublicKey, hash, verify } from 'node:crypto'
import { ProofError } from '../proof.ts'
import { fromBase64url } from './base64url.ts'
import { deepHash } from './deep-hash.ts'

/** What the signature of a transaction vouches for. */
export interface Transaction {
  readonly id: string
  /** Root of the Merkle tree over its data: 32 bytes, none where there is no data. */
  readonly dataRoot: Buffer
  /** Bytes. */
  readonly dataSize: number
  /** In their order, names as they were written. */
  readonly tags: readonly Tag[]
}

export interface Tag {
  readonly name: string
  readonly value: string
}

/** A header has at most 2 KiB of tags, which are longer in JSON; a transaction of format 1 carries its data in it. */
export const MAX_HEADER = 64 * 1024

/** RSA keys of 2048 to 4096 bits; the network's own are of 4096. */
const KEY = { least: 256, most: 512 } as const
const MAX_FIELD = 4096
/** As node:crypto's constants have it. */
const RSA_PKCS1_PSS_PADDING = 6
const DECIMAL = /^(?:0|[1-9][0-9]{0,29})$/

/**
 * A transaction out of its header (GET /tx/ID), proved by its id: that is the hash of the signature, which covers the
 * root and the size of the data, and the tags. Throws ProofError: `unproved` where it is of a kind that cannot be proved.
 */
export function provedTransaction(id: string, header: Readonly<Record<string, unknown>>): Transaction {
  if (header.format !== 2) {
    throw new ProofError('unproved', 'only transactions of format 2 are proved: the site manifest proves others')
  }
  const signature = bytesOf(header, 'signature', KEY.most)
  if (hash('sha256', signature, 'base64url') !== id) {
    throw new ProofError('corrupt', 'the signature of the transaction is not the one that its id names')
  }
  const owner = bytesOf(header, 'owner', KEY.most)
  // Newer wallets sign with secp256k1 and name no owner: their key has to be recovered from the signature.
  if (owner.length === 0) throw new ProofError('unproved', 'only RSA signatures are proved')
  const dataRoot = bytesOf(header, 'data_root', 32)
  const dataSize = decimalOf(header, 'data_size')
  const tags = tagsOf(header)
  const signed = [
    ...denominationOf(header),
    Buffer.from('2'),
    owner,
    bytesOf(header, 'target', 32),
    Buffer.from(decimalOf(header, 'quantity')),
    Buffer.from(decimalOf(header, 'reward')),
    bytesOf(header, 'last_tx', 64),
    tags,
    Buffer.from(dataSize),
    dataRoot,
  ]
  if (!isSigned(owner, deepHash(signed), signature)) {
    throw new ProofError('corrupt', 'the signature of the transaction does not cover its header')
  }
  return { id, dataRoot, dataSize: sizeOf(dataSize, dataRoot), tags: tags.map(tagOf) }
}

/** The value of the first tag of this name, whatever its case; null: there is none. */
export function tagValue({ tags }: Transaction, name: string): string | null {
  return tags.find((tag) => tag.name.toLowerCase() === name)?.value ?? null
}

function isSigned(owner: Buffer, signed: Buffer, signature: Buffer): boolean {
  if (owner.length < KEY.least || signature.length !== owner.length) return false
  try {
    // Salts of every length are in use: without `saltLength` it is read from the signature.
    const key = createPublicKey({ key: { kty: 'RSA', n: owner.toString('base64url'), e: 'AQAB' }, format: 'jwk' })
    return verify('sha256', signed, { key, padding: RSA_PKCS1_PSS_PADDING }, signature)
  } catch {
    return false
  }
}

function sizeOf(text: string, root: Buffer): number {
  const size = Number(text)
  if (!Number.isSafeInteger(size)) throw new ProofError('too-large', 'the data is larger than can be counted')
  if (size > 0 && root.length !== 32) throw new ProofError('unproved', 'the transaction has data, but no root of it')
  return size
}

/** Of a currency that was redenominated: signed where it is said. */
function denominationOf(header: Readonly<Record<string, unknown>>): readonly Buffer[] {
  if (header.denomination === undefined || header.denomination === '0') return []
  return [Buffer.from(decimalOf(header, 'denomination'))]
}

function tagsOf({ tags }: Readonly<Record<string, unknown>>): readonly (readonly [name: Buffer, value: Buffer])[] {
  if (!Array.isArray(tags)) throw malformed('tags')
  return tags.map((tag: unknown) => {
    if (typeof tag !== 'object' || tag === null) throw malformed('tags')
    const fields = tag as Record<string, unknown>
    return [bytesOf(fields, 'name', MAX_FIELD), bytesOf(fields, 'value', MAX_FIELD)] as const
  })
}

function tagOf([name, value]: readonly [Buffer, Buffer]): Tag {
  return { name: name.toString(), value: value.toString() }
}

function bytesOf(fields: Readonly<Record<string, unknown>>, name: string, maxBytes: number): Buffer {
  const bytes = fromBase64url(fields[name], maxBytes)
  if (bytes === null) throw malformed(name)
  return bytes
}

function decimalOf(fields: Readonly<Record<string, unknown>>, name: string): string {
  const text = fields[name]
  if (typeof text !== 'string' || !DECIMAL.test(text)) throw malformed(name)
  return text
}

function malformed(field: string): ProofError {
  return new ProofError('unproved', `the answer is no header of a transaction: ${field}`)
}
