/** What a MaxMind DB can hold; a plain number is a double. */
export type MmdbValue = string | number | boolean | Uint | readonly MmdbValue[] | { readonly [key: string]: MmdbValue }

/** An unsigned integer of a given width. */
class Uint {
  readonly bits: 16 | 32 | 64
  readonly value: number

  constructor(bits: 16 | 32 | 64, value: number) {
    this.bits = bits
    this.value = value
  }
}

export const uint = (bits: 16 | 32 | 64, value: number): MmdbValue => new Uint(bits, value)

const POINTER = 1
const STRING = 2
const DOUBLE = 3
const MAP = 7
const ARRAY = 11
const BOOLEAN = 14
const UINT = { 16: 5, 32: 6, 64: 9 } as const

/** A data section in the making. Equal strings and equal values are written once and pointed to. */
export class ValueWriter {
  readonly #chunks: Buffer[] = []
  readonly #offsets = new Map<string, number>()
  #length = 0

  /** Writes a value, unless an equal one was written; the answer is its offset. */
  write(value: MmdbValue): number {
    const key = JSON.stringify(value)
    const known = this.#offsets.get(key)
    if (known !== undefined) return known
    const parts = Array.isArray(value) ? value : isMap(value) ? Object.entries(value).flat() : []
    for (const part of parts) if (typeof part === 'string') this.write(part)
    const offset = this.#length
    const bytes = encodeValue(value, (text) => this.#offsets.get(JSON.stringify(text)))
    this.#offsets.set(key, offset)
    this.#chunks.push(bytes)
    this.#length += bytes.length
    return offset
  }

  bytes(): Buffer {
    return Buffer.concat(this.#chunks)
  }
}

/** `find` tells where a string stands already; without it nothing is pointed to. */
export function encodeValue(value: MmdbValue, find: (text: string) => number | undefined = () => undefined): Buffer {
  if (typeof value === 'string') {
    const text = Buffer.from(value)
    return Buffer.concat([control(STRING, text.length), text])
  }
  if (typeof value === 'boolean') return control(BOOLEAN, value ? 1 : 0)
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(8)
    bytes.writeDoubleBE(value)
    return Buffer.concat([control(DOUBLE, 8), bytes])
  }
  if (value instanceof Uint) return encodeUint(value)
  const isArray = Array.isArray(value)
  const parts: MmdbValue[] = isArray ? value : Object.entries(value).flat()
  const encoded = parts.map((part) => {
    const known = typeof part === 'string' ? find(part) : undefined
    return known === undefined ? encodeValue(part, find) : pointer(known)
  })
  return Buffer.concat([control(isArray ? ARRAY : MAP, isArray ? parts.length : parts.length / 2), ...encoded])
}

function isMap(value: MmdbValue): value is { readonly [key: string]: MmdbValue } {
  return typeof value === 'object' && !(value instanceof Uint) && !Array.isArray(value)
}

function encodeUint({ bits, value }: Uint): Buffer {
  const digits = value === 0 ? '' : value.toString(16)
  const bytes = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex')
  return Buffer.concat([control(UINT[bits], bytes.length), bytes])
}

/** The control byte; a type above 7 follows in a byte of its own, a size above 28 in one or two more. */
function control(type: number, size: number): Buffer {
  const short = size < 29 ? size : size < 285 ? 29 : 30
  const rest = size < 29 ? [] : size < 285 ? [size - 29] : [(size - 285) >> 8, (size - 285) & 0xff]
  if (size >= 65_821) throw new RangeError('a value this long is not written')
  return Buffer.from(type < 8 ? [(type << 5) | short, ...rest] : [short, type - 7, ...rest])
}

function pointer(offset: number): Buffer {
  if (offset < 2048) return Buffer.from([(POINTER << 5) | (offset >> 8), offset & 0xff])
  const rest = offset - 2048
  if (rest >= 524_288) throw new RangeError('a pointer this far is not written')
  return Buffer.from([(POINTER << 5) | 8 | (rest >> 16), (rest >> 8) & 0xff, rest & 0xff])
}
