import { verify } from 'node:crypto'
import { decode } from '@ipld/dag-cbor'
import { ProofError } from '../proof.ts'
import { type ContentPath, parseContentPath } from './content-path.ts'
import { type IpnsEntry, readIpnsEntry } from './ipns-entry.ts'
import type { IpnsName } from './ipns-name.ts'

/** What the owner of a name signed. */
export interface IpnsRecord {
  readonly value: ContentPath
  /** Grows with what is published. */
  readonly sequence: bigint
  /** Milliseconds since 1970. */
  readonly validUntil: number
  /** How long it may be remembered before it is asked for again. Milliseconds. */
  readonly ttl: number
}

/** Bytes: what implementations have to support, and what they may refuse beyond. */
export const MAX_IPNS_RECORD = 10 * 1024
const PREFIX = Buffer.from('ipns-signature:')
const MAX_UINT64 = 2n ** 64n - 1n
const NANOSECONDS = 1_000_000n

/** Fields of the protobuf. */
const VALUE = 1
const SIGNATURE_V1 = 2
const VALIDITY_TYPE = 3
const VALIDITY = 4
const SEQUENCE = 5
const TTL = 6
const SIGNATURE_V2 = 8
const DATA = 9

/**
 * Verifies a record in the order that https://specs.ipfs.tech/ipns/ipns-record/#record-verification gives: what is
 * returned was signed by the key inside the name. Whether it is the newest is another question.
 *
 * @param now milliseconds since 1970; a record whose validity has ended is `outdated`
 */
export function verifyIpnsRecord(name: IpnsName, bytes: Uint8Array, now: number): IpnsRecord {
  if (bytes.length > MAX_IPNS_RECORD) throw new ProofError('too-large', 'the IPNS record is too large')
  const entry = readIpnsEntry(Buffer.from(bytes)) ?? refuse('the IPNS record is no protobuf')
  const signature = entry.bytes.get(SIGNATURE_V2)
  const data = entry.bytes.get(DATA)
  if (!signature?.length || !data?.length) return refuse('the IPNS record has no signature of version 2')
  // The key is in the name: one that comes along with the record is of no use.
  if (!verify(null, Buffer.concat([PREFIX, data]), name.key, signature)) refuse('the IPNS record is signed by nobody')
  const signed = readData(data)
  if (!agrees(entry, signed)) refuse('the IPNS record contradicts what is signed')
  const validUntil = timeOf(signed.validity)
  if (validUntil < now) throw new ProofError('outdated', 'the IPNS record has expired')
  const value = parseContentPath(signed.value.toString('utf8'))
  if (value === null) throw new ProofError('unproved', 'the IPNS record leads to nothing that is known')
  return { value, sequence: signed.sequence, validUntil, ttl: Number(signed.ttl / NANOSECONDS) }
}

interface SignedData {
  readonly value: Buffer
  readonly validity: Buffer
  readonly sequence: bigint
  readonly ttl: bigint
}

/** What is wrong in here was signed: the endpoint that passes it on tells no lie. */
function readData(bytes: Buffer): SignedData {
  let data: unknown
  try {
    data = decode(bytes)
  } catch {
    return unusable('the data of the IPNS record is not DAG-CBOR')
  }
  const { Value, Validity, ValidityType, Sequence, TTL } = (data ?? {}) as Readonly<Record<string, unknown>>
  if (!(Value instanceof Uint8Array && Validity instanceof Uint8Array && ValidityType === 0)) {
    return unusable('the data of the IPNS record lacks a field')
  }
  const [sequence, ttl] = [asUint64(Sequence), asUint64(TTL)]
  return { value: Buffer.from(Value), validity: Buffer.from(Validity), sequence, ttl }
}

function asUint64(value: unknown): bigint {
  const number = typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : value
  if (typeof number !== 'bigint' || number < 0n || number > MAX_UINT64)
    unusable('the data of the IPNS record lacks a number')
  return number as bigint
}

/** Copies for those who know nothing newer than signatures of version 1. */
function agrees({ bytes, numbers }: IpnsEntry, signed: SignedData): boolean {
  if (!bytes.has(SIGNATURE_V1) && !bytes.has(VALUE)) return true
  const copies =
    bytes.get(VALUE)?.equals(signed.value) === true && bytes.get(VALIDITY)?.equals(signed.validity) === true
  const number = (field: number) => numbers.get(field) ?? 0n
  return copies && number(VALIDITY_TYPE) === 0n && number(SEQUENCE) === signed.sequence && number(TTL) === signed.ttl
}

/** RFC 3339 with nanoseconds, of which milliseconds count. */
function timeOf(validity: Buffer): number {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:(\.\d{1,3})\d*)?(Z|[+-]\d\d:\d\d)$/.exec(
    validity.toString('latin1'),
  )
  const time = match === null ? Number.NaN : Date.parse(match[1]! + (match[2] ?? '') + match[3]!)
  return Number.isNaN(time) ? unusable('the validity of the IPNS record is no time') : time
}

function refuse(message: string): never {
  throw new ProofError('corrupt', message)
}

function unusable(message: string): never {
  throw new ProofError('unproved', message)
}
