import { verify } from 'node:crypto'
import { decode } from '@ipld/dag-cbor'
import { ProofError } from '../proof.ts'
import { equalBytes } from './block.ts'
import { type ContentPath, parseContentPath } from './content-path.ts'
import { type IpnsName, isKeyOf } from './ipns-name.ts'
import { singleFields } from './protobuf.ts'

export const MAX_IPNS_RECORD = 10 * 1024

const SIGNED = Buffer.from('ipns-signature:')

/** Numbers of the fields of an IpnsEntry. Those of version 1 but the value and the key are not read. */
const VALUE = 1
const PUBLIC_KEY = 7
const SIGNATURE_V2 = 8
const DATA = 9

/** What a name points to, as its holder signed it. */
export interface IpnsRecord {
  readonly value: ContentPath
  /** Grows with each record: of two valid ones the higher counts, and a lower one is a replay. */
  readonly sequence: bigint
  /** Milliseconds since the epoch. */
  readonly validUntil: number
  /** Milliseconds for which it may be kept without asking again; null where it does not say. */
  readonly ttl: number | null
}

/**
 * Verifies a record (https://specs.ipfs.tech/ipns/ipns-record/#record-verification). `now` in milliseconds. A record
 * whose signature is not the name's is `corrupt`; one that is malformed, expired or of version 1 alone `unproved`.
 */
export function verifyIpnsRecord(name: IpnsName, bytes: Uint8Array, now: number): IpnsRecord {
  if (bytes.length > MAX_IPNS_RECORD) throw new ProofError('too-large', 'an IPNS record is larger than 10 KiB')
  const entry = singleFields(bytes)
  const [data, signature, key] = [entry.get(DATA), entry.get(SIGNATURE_V2), entry.get(PUBLIC_KEY)]
  if (!(data instanceof Uint8Array && signature instanceof Uint8Array)) throw unproved('no signature of version 2')
  if (key instanceof Uint8Array && !isKeyOf(name, key)) throw new ProofError('corrupt', 'an IPNS record of another key')
  if (!verify(null, Buffer.concat([SIGNED, data]), name.key, signature)) {
    throw new ProofError('corrupt', 'an IPNS record is not signed by its name')
  }
  const record = signedRecord(data, entry.get(VALUE))
  if (record.validUntil <= now) throw unproved('expired')
  return record
}

function signedRecord(data: Uint8Array, plainValue: unknown): IpnsRecord {
  const { Value, ValidityType, Validity, Sequence, TTL } = decodeMap(data)
  if (!(Value instanceof Uint8Array && Validity instanceof Uint8Array) || ValidityType !== 0)
    throw unproved('incomplete')
  if (plainValue instanceof Uint8Array && plainValue.length > 0 && !equalBytes(plainValue, Value)) {
    throw unproved('its two values differ')
  }
  const [sequence, ttl] = [unsigned(Sequence), TTL === undefined ? null : unsigned(TTL)]
  if (sequence === null) throw unproved('no sequence')
  const value = parseContentPath(Buffer.from(Value).toString('utf8'))
  return { value, sequence, validUntil: instant(Validity), ttl: ttl === null ? null : Number(ttl / 1_000_000n) }
}

function decodeMap(data: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const value = decode<unknown>(data)
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  } catch {}
  throw unproved('no map')
}

function unsigned(value: unknown): bigint | null {
  const whole = typeof value === 'bigint' || (typeof value === 'number' && Number.isSafeInteger(value))
  return whole && value >= 0 ? BigInt(value) : null
}

/** RFC 3339 with nanoseconds, in UTC. */
function instant(text: Uint8Array): number {
  const found = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,9})?Z$/.exec(Buffer.from(text).toString('latin1'))
  const time = found === null ? Number.NaN : Date.parse(`${found[1]}${(found[2] ?? '.0').slice(0, 4)}Z`)
  if (Number.isNaN(time)) throw unproved('no date')
  return time
}

function unproved(why: string): ProofError {
  return new ProofError('unproved', `an IPNS record: ${why}`)
}
