/** Real ones have about 40. */
const MOST = 2_000
/** What is added to a pointer of 1 to 4 bytes. */
const POINTER_BASE = [0, 2048, 526_336, 0]
const POINTER = 1
const MAP = 7
const ARRAY = 11
const BOOLEAN = 14

/**
 * Counts the values of a metadata section, those again that pointers repeat: a few hundred bytes can stand for billions
 * (MaxMind DB format 2.0, "Output Data Section"). Throws a RangeError beyond 2,000, and at the end of the file.
 *
 * @param start where the section begins, which is what its pointers count from
 */
export function countMetadata(bytes: Buffer, start: number): number {
  const walk = new Walk(bytes, start)
  walk.value(start)
  return walk.count
}

class Walk {
  count = 0
  readonly #bytes: Buffer
  readonly #start: number

  constructor(bytes: Buffer, start: number) {
    this.#bytes = bytes
    this.#start = start
  }

  /** Returns where the next value begins. */
  value(at: number): number {
    if (++this.count > MOST) throw new RangeError('too many values')
    const control = this.#bytes.readUInt8(at)
    const isExtended = control >> 5 === 0
    const type = isExtended ? this.#bytes.readUInt8(at + 1) + MAP : control >> 5
    if (type === POINTER) return this.#pointer(control, at + 1)
    const { size, next } = this.#size(control & 31, at + (isExtended ? 2 : 1))
    if (type === MAP) return this.#values(size * 2, next)
    if (type === ARRAY) return this.#values(size, next)
    return type === BOOLEAN ? next : next + size
  }

  #values(count: number, at: number): number {
    let next = at
    for (let left = count; left > 0; left--) next = this.value(next)
    return next
  }

  #pointer(control: number, at: number): number {
    const length = ((control >> 3) & 3) + 1
    const high = length === 4 ? 0 : (control & 7) * 256 ** length
    this.value(this.#start + POINTER_BASE[length - 1]! + high + this.#bytes.readUIntBE(at, length))
    return at + length
  }

  #size(small: number, at: number): { readonly size: number; readonly next: number } {
    if (small < 29) return { size: small, next: at }
    const length = small - 28
    const base = [29, 285, 65_821][length - 1]!
    return { size: base + this.#bytes.readUIntBE(at, length), next: at + length }
  }
}
