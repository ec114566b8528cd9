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
/** Slabs that wait to be used again. */
const MOST_FREE = 32
/** Bytes: smaller pieces come out of Node's pool. */
const POOLED = 2048

/** The memory that one connection reads into. */
export class ReadBuffers {
  #slab: Slab | null = null
  #at = 0
  #size = FIRST_SLAB

  /** For what is no content, or nobody asked for. */
  shared(): Buffer {
    this.#leave()
    this.#size = FIRST_SLAB
    return SHARED
  }

  /** For content, of which so many bytes are to come. */
  next(left: number): Buffer {
    const slab = this.#slab
    const room = slab === null ? 0 : slab.buffer.length - this.#at
    if (slab !== null && (room >= LEAST || room > left)) return slab.buffer.subarray(this.#at)
    this.#leave()
    // With one byte more than should come, a read that fills it shows what should not.
    const wanted = left === Number.POSITIVE_INFINITY ? this.#size : left + 1
    this.#size = Math.min(4 * this.#size, SLAB)
    this.#slab = newSlab(Math.min(wanted, SLAB))
    this.#at = 0
    return this.#slab.buffer
  }

  /** What was read into the buffer that was given last, as bytes that stay until all of them are `spent`. */
  taken(buffer: Buffer, length: number): Buffer {
    this.#at += length
    if (this.#slab !== null && buffer !== SHARED) this.#slab.read += length
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

  #leave(): void {
    const slab = this.#slab
    this.#slab = null
    if (slab === null) return
    slab.left = true
    reuse(slab)
  }
}

/** Bytes for several reads. */
interface Slab {
  readonly buffer: Buffer
  /** How many were read into it, and how many of those nobody holds any more. */
  read: number
  spent: number
  /** No connection reads into it any more. */
  left: boolean
}

const slabs = new WeakMap<ArrayBufferLike, Slab>()
/** What may be read into again. */
const free: Slab[] = []

/**
 * Whoever got bytes of an answer may say, once, that nobody holds them any more; where all of a slab are spent, it is read
 * into again. Who says nothing keeps what it got. So what is only passed on costs no memory and no collection of it.
 */
export function spend(bytes: Uint8Array, length = bytes.length): void {
  const slab = slabs.get(bytes.buffer)
  if (slab === undefined) return
  slab.spent += length
  reuse(slab)
}

function newSlab(size: number): Slab {
  const used = size === SLAB ? free.pop() : undefined
  if (used !== undefined) return used
  const slab = { buffer: Buffer.allocUnsafeSlow(size), read: 0, spent: 0, left: false }
  // Smaller ones are of the size of one answer.
  if (size === SLAB) slabs.set(slab.buffer.buffer, slab)
  return slab
}

function reuse(slab: Slab): void {
  if (!slab.left || slab.spent !== slab.read || slab.buffer.length !== SLAB || free.length === MOST_FREE) return
  slab.read = 0
  slab.spent = 0
  slab.left = false
  free.push(slab)
}
