import { LRUCache } from 'lru-cache'
import { FrequencySketch, hashOf } from './sketch.ts'

export interface ByteStoreOptions {
  /** What all values may take together; bytes. */
  readonly maxBytes: number
  /** Bytes of a usual value: how many keys are worth remembering. */
  readonly usualBytes?: number
  /** `frequency`: what is asked for once does not push out what is asked for often. `all`: plain LRU. */
  readonly admission?: 'frequency' | 'all'
}

interface Held<Value> {
  readonly value: Value
  readonly bytes: number
  readonly hash: number
}

/** What is new stands here until it is known whether it is asked for again: parts of all bytes. */
const WINDOW = 0.02
const USUAL_BYTES = 16_384
const MOST_KEYS = 2 ** 19

/**
 * Values by key, the least useful dropped where their bytes exceed a limit (W-TinyLFU). A small LRU takes what is new;
 * what falls out of it moves into the large one only where it was asked for more often than what it would push out.
 */
export class ByteStore<Value> {
  readonly #window: LRUCache<string, Held<Value>>
  readonly #main: LRUCache<string, Held<Value>>
  readonly #sketch: FrequencySketch | null
  readonly #maxMain: number
  /** What did not fit any more, and what was not let in. */
  evictions = 0
  rejections = 0

  constructor({ maxBytes: most, usualBytes = USUAL_BYTES, admission = 'frequency' }: ByteStoreOptions) {
    const maxBytes = Math.max(2, Math.floor(most))
    const sizeCalculation = (held: Held<Value>) => held.bytes
    const windowBytes = admission === 'all' ? 1 : Math.max(1, Math.floor(maxBytes * WINDOW))
    this.#maxMain = Math.max(1, maxBytes - windowBytes)
    this.#sketch = admission === 'all' ? null : new FrequencySketch(Math.min(MOST_KEYS, maxBytes / usualBytes))
    this.#main = new LRUCache({
      maxSize: this.#maxMain,
      sizeCalculation,
      dispose: (_, __, reason) => this.#left(reason),
    })
    this.#window = new LRUCache({
      maxSize: windowBytes,
      sizeCalculation,
      disposeAfter: (held, key, reason) => {
        if (reason === 'evict') this.#admit(key, held)
      },
    })
  }

  get bytes(): number {
    return this.#main.calculatedSize + this.#window.calculatedSize
  }

  get size(): number {
    return this.#main.size + this.#window.size
  }

  /** Counts as a request for it, whether it is there or not. */
  get(key: string): Value | undefined {
    const value = this.getIfThere(key)
    if (value === undefined) this.#sketch?.add(hashOf(key))
    return value
  }

  /** As `get`, but what is not there does not count as asked for: whoever goes on looking will say so. */
  getIfThere(key: string): Value | undefined {
    const held = this.#main.get(key) ?? this.#window.get(key)
    if (held !== undefined) this.#sketch?.add(held.hash)
    return held?.value
  }

  /** Counts as nothing. */
  peek(key: string): Value | undefined {
    return (this.#main.peek(key) ?? this.#window.peek(key))?.value
  }

  /** @param bytes above 0; what is larger than the store is not kept, nor is what was there under its key */
  set(key: string, value: Value, bytes: number): void {
    const held = { value, bytes, hash: hashOf(key) }
    if (bytes > this.#maxMain) return this.delete(key)
    if (this.#main.has(key)) {
      this.#main.set(key, held)
      return
    }
    // What is larger than the window asks at once for a place in the main part.
    if (this.#sketch !== null && bytes <= this.#window.maxSize) this.#window.set(key, held)
    else {
      this.#window.delete(key)
      this.#admit(key, held)
    }
  }

  /**
   * Puts in the place of a value the same with more to it. What has become too large for where it stands asks for a place
   * in the main part; where it gets none, what was there stays as it is.
   *
   * @returns whether it stands there now
   */
  grow(key: string, value: Value, bytes: number): boolean {
    if (bytes > this.#maxMain) return false
    const held = { value, bytes, hash: hashOf(key) }
    if (this.#main.has(key)) this.#main.set(key, held)
    else if (!this.#window.has(key)) return false
    else if (bytes <= this.#window.maxSize) this.#window.set(key, held)
    else if (this.#sketch === null || this.#deserves(held, this.#sketch)) {
      this.#window.delete(key)
      this.#main.set(key, held)
    } else return false
    return true
  }

  delete(key: string): void {
    this.#main.delete(key)
    this.#window.delete(key)
  }

  clear(): void {
    this.#main.clear()
    this.#window.clear()
  }

  /** All of it, the most recently used first; the order between both parts means nothing. */
  *entries(): Generator<[string, Value]> {
    for (const cache of [this.#window, this.#main]) {
      for (const [key, held] of cache.entries()) yield [key, held.value]
    }
  }

  #admit(key: string, held: Held<Value>): void {
    if (this.#sketch !== null && !this.#deserves(held, this.#sketch)) this.rejections++
    else this.#main.set(key, held)
  }

  /** Whether all that would have to go for it were asked for less often. */
  #deserves(held: Held<Value>, sketch: FrequencySketch): boolean {
    let room = this.#maxMain - this.#main.calculatedSize
    if (room >= held.bytes) return true
    const frequency = sketch.estimate(held.hash)
    for (const victim of this.#main.rvalues()) {
      if (victim === undefined) continue
      if (sketch.estimate(victim.hash) >= frequency) return false
      room += victim.bytes
      if (room >= held.bytes) return true
    }
    return true
  }

  #left(reason: LRUCache.DisposeReason): void {
    if (reason === 'evict') this.evictions++
  }
}
