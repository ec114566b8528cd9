import { ProofError } from '../proof.ts'

export interface Field {
  readonly number: number
  /** A varint, or the bytes of a length-delimited field (a view). */
  readonly value: bigint | Uint8Array
}

/** The fields of one message of Protocol Buffers, in the order of the wire. Fixed-size numbers and groups are refused. */
export function* fields(bytes: Uint8Array): Generator<Field> {
  const cursor = new Cursor(bytes)
  while (!cursor.atEnd) {
    const tag = cursor.number()
    const number = Math.floor(tag / 8)
    if (tag % 8 === 0) yield { number, value: cursor.bigint() }
    else if (tag % 8 === 2) yield { number, value: cursor.take(cursor.number()) }
    else throw malformed()
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

class Cursor {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get atEnd(): boolean {
    return this.#at >= this.#bytes.length
  }

  take(size: number): Uint8Array {
    const end = this.#at + size
    if (end > this.#bytes.length) throw malformed()
    const taken = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return taken
  }

  /** A varint that is exact below 2^53; above it is too large for whatever it counts. */
  number(): number {
    let value = 0
    for (let index = 0; index < 10; index++) {
      const byte = this.#bytes[this.#at++]
      if (byte === undefined) throw malformed()
      value += (byte & 0x7f) * 2 ** (7 * index)
      if (byte < 0x80) return value
    }
    throw malformed()
  }

  bigint(): bigint {
    const start = this.#at
    const value = this.number()
    if (value <= Number.MAX_SAFE_INTEGER) return BigInt(value)
    const digits = this.#bytes.subarray(start, this.#at)
    const exact = digits.reduceRight((sum, byte) => (sum << 7n) | BigInt(byte & 0x7f), 0n)
    return BigInt.asUintN(64, exact)
  }
}

function malformed(): ProofError {
  return new ProofError('unproved', 'malformed Protocol Buffers')
}
