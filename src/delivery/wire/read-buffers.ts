/**
 * Where heads are read, of all connections: what is read is looked at before anything else is, and copied where somebody
 * keeps it. So a connection that waits holds no memory.
 */
const SHARED = Buffer.allocUnsafeSlow(16 * 1024)
/** Bytes that are allocated at once for bodies, which several reads fill. */
const SLAB = 256 * 1024
const FIRST_SLAB = 16 * 1024
/** No read is given less room, unless less is to come. */
const LEAST = 64 * 1024
/** Bytes: smaller pieces come out of Node's pool. */
const POOLED = 2048

/** The memory that one connection reads into. What was read into a slab is never written again. */
export class ReadBuffers {
  #slab: Buffer | null = null
  #at = 0
  #size = FIRST_SLAB

  /** For what is no content, or nobody asked for. */
  shared(): Buffer {
    this.#slab = null
    this.#size = FIRST_SLAB
    return SHARED
  }

  /** For content, of which so many bytes are to come. */
  next(left: number): Buffer {
    const room = this.#slab === null ? 0 : this.#slab.length - this.#at
    if (this.#slab !== null && (room >= LEAST || room > left)) return this.#slab.subarray(this.#at)
    // With one byte more than should come, a read that fills it shows what should not.
    const wanted = left === Number.POSITIVE_INFINITY ? this.#size : left + 1
    this.#size = Math.min(4 * this.#size, SLAB)
    this.#slab = Buffer.allocUnsafeSlow(Math.min(wanted, SLAB))
    this.#at = 0
    return this.#slab
  }

  /** What was read into the buffer that was given last, as bytes that stay. */
  taken(buffer: Buffer, length: number): Buffer {
    this.#at += length
    return length === buffer.length ? buffer : buffer.subarray(0, length)
  }

  /** A part of what was read, as bytes that stay. */
  static kept(bytes: Buffer, from: number, to: number): Buffer {
    if (bytes.buffer !== SHARED.buffer) {
      return from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to)
    }
    const length = to - from
    const own = length < POOLED ? Buffer.allocUnsafe(length) : Buffer.allocUnsafeSlow(length)
    bytes.copy(own, 0, from, to)
    return own
  }
}
