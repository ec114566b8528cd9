import { ProofError } from '../proof.ts'

export interface Field {
  readonly number: number
  /** A varint, or the bytes of a length-delimited field (a view). */
  readonly value: bigint | Uint8Array
}

/** The fields of one message of Protocol Buffers, in the order of the wire. Fixed-size numbers and groups are refused. */
export function* fields(bytes: Uint8Array): Generator<Field> {
  for (let at = 0; at < bytes.length; ) {
    const tag = varint(bytes, at)
    const body = varint(bytes, tag.end)
    const number = Number(tag.value >> 3n)
    const wire = Number(tag.value & 7n)
    if (wire === 0) {
      yield { number, value: body.value }
      at = body.end
    } else if (wire === 2 && body.value <= bytes.length - body.end) {
      at = body.end + Number(body.value)
      yield { number, value: bytes.subarray(body.end, at) }
    } else throw malformed()
  }
}

/** A message whose fields may occur once each, by their numbers. */
export function singleFields(bytes: Uint8Array): ReadonlyMap<number, Field['value']> {
  const found = new Map<number, Field['value']>()
  for (const { number, value } of fields(bytes)) {
    if (found.has(number)) throw malformed()
    found.set(number, value)
  }
  return found
}

function varint(bytes: Uint8Array, start: number): { readonly value: bigint; readonly end: number } {
  let low = 0
  for (let index = 0; index < 10; index++) {
    const byte = bytes[start + index]
    if (byte === undefined) throw malformed()
    // Seven groups of seven bits are exact in a double; what is longer is rare.
    if (index === 7) return longVarint(bytes, start)
    low += (byte & 0x7f) * 2 ** (7 * index)
    if (byte < 0x80) return { value: BigInt(low), end: start + index + 1 }
  }
  throw malformed()
}

function longVarint(bytes: Uint8Array, start: number): { readonly value: bigint; readonly end: number } {
  let value = 0n
  for (let index = 0; index < 10; index++) {
    const byte = bytes[start + index]
    if (byte === undefined) throw malformed()
    value |= BigInt(byte & 0x7f) << BigInt(7 * index)
    if (byte < 0x80) return { value: BigInt.asUintN(64, value), end: start + index + 1 }
  }
  throw malformed()
}

function malformed(): ProofError {
  return new ProofError('unproved', 'malformed Protocol Buffers')
}
