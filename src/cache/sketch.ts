/**
 * How often keys were asked for of late, approximately and in little room: a count-min sketch of four rows with small
 * counters that are halved from time to time (TinyLFU: Einziger, Friedman, Manes 2017).
 */
export class FrequencySketch {
  readonly #rows: readonly Uint8Array[]
  readonly #mask: number
  readonly #sample: number
  #additions = 0

  /** @param keys about how many are to be told apart */
  constructor(keys: number) {
    const width = 2 ** Math.ceil(Math.log2(Math.max(16, keys * COUNTERS_A_KEY)))
    this.#mask = width - 1
    this.#rows = SEEDS.map(() => new Uint8Array(width))
    this.#sample = keys * SAMPLE_FACTOR
  }

  /** @param hash 32 bits, as `hashOf` gives them */
  add(hash: number): void {
    let least = MOST
    for (const [row, seed] of SEEDS.entries()) least = Math.min(least, this.#rows[row]![this.#place(hash, seed)]!)
    if (least === MOST) return
    // Only the smallest counters grow: the others are shared with keys that come more often.
    for (const [row, seed] of SEEDS.entries()) {
      const place = this.#place(hash, seed)
      if (this.#rows[row]![place] === least) this.#rows[row]![place] = least + 1
    }
    if (++this.#additions >= this.#sample) this.#age()
  }

  /** 0 to 15. */
  estimate(hash: number): number {
    let least = MOST
    for (const [row, seed] of SEEDS.entries()) least = Math.min(least, this.#rows[row]![this.#place(hash, seed)]!)
    return least
  }

  #place(hash: number, seed: number): number {
    const mixed = Math.imul(hash ^ (hash >>> 15), seed)
    return (mixed ^ (mixed >>> 13)) & this.#mask
  }

  #age(): void {
    for (const row of this.#rows) for (let at = 0; at < row.length; at++) row[at] = row[at]! >> 1
    this.#additions >>= 1
  }
}

const SEEDS = [0x9e3779b1, 0x85ebca6b, 0xc2b2ae35, 0x27d4eb2f] as const
const MOST = 15
/** In each row: what comes once must not look as if it came often, because others share its counters. */
const COUNTERS_A_KEY = 4
/** Requests for each key until all counters are halved. */
const SAMPLE_FACTOR = 10

/** 32 bits of a key: FNV-1a. */
export function hashOf(key: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193)
  return hash >>> 0
}
