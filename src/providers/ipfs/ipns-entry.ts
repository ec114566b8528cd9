/** The protobuf around an IPNS record: fields by their number, as far as any of them matters. */
export interface IpnsEntry {
  /** 1, 2, 4, 7, 8, 9: the last of each counts. */
  readonly bytes: ReadonlyMap<number, Buffer>
  /** 3, 5, 6. */
  readonly numbers: ReadonlyMap<number, bigint>
}

const VARINT = 0
const FIXED64 = 1
const BYTES = 2
const FIXED32 = 5

/** Null where these bytes are no protobuf. */
export function readIpnsEntry(input: Buffer): IpnsEntry | null {
  const bytes = new Map<number, Buffer>()
  const numbers = new Map<number, bigint>()
  const reader = new Reader(input)
  while (!reader.done) {
    const tag = Number(reader.varint() ?? 0n)
    const field = Math.floor(tag / 8)
    const wire = tag % 8
    if (field < 1) return null
    if (wire === VARINT) {
      const value = reader.varint()
      if (value === null) return null
      numbers.set(field, value)
    } else if (wire === BYTES) {
      const value = reader.take(Number(reader.varint() ?? -1n))
      if (value === null) return null
      bytes.set(field, value)
    } else if (wire !== FIXED64 && wire !== FIXED32) return null
    else if (reader.take(wire === FIXED64 ? 8 : 4) === null) return null
  }
  return { bytes, numbers }
}

class Reader {
  readonly #input: Buffer
  #at = 0

  constructor(input: Buffer) {
    this.#input = input
  }

  get done(): boolean {
    return this.#at >= this.#input.length
  }

  /** Of at most 64 bits; null where it does not end. */
  varint(): bigint | null {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#input[this.#at++]
      if (byte === undefined) return null
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value < 1n << 64n ? value : null
    }
    return null
  }

  take(length: number): Buffer | null {
    const end = this.#at + length
    if (length < 0 || end > this.#input.length) return null
    const taken = this.#input.subarray(this.#at, end)
    this.#at = end
    return taken
  }
}
