/** Texts that are longer are not worth the memory. */
const LONGEST = 255

/**
 * What was read from texts that come again and again. Each text has one place, and the next one that falls there takes
 * it: bounded, and never busy with growing or tidying up, as a Map of strangers would be.
 */
export class Remembered<T> {
  readonly #read: (text: string) => T
  readonly #texts: (string | undefined)[]
  readonly #values: (T | undefined)[]
  readonly #mask: number

  /** @param bits of the number of places */
  constructor(bits: number, read: (text: string) => T) {
    this.#read = read
    this.#mask = 2 ** bits - 1
    this.#texts = new Array(2 ** bits).fill(undefined)
    this.#values = new Array(2 ** bits).fill(undefined)
  }

  get(text: string): T {
    if (text.length > LONGEST) return this.#read(text)
    const place = hash(text) & this.#mask
    if (this.#texts[place] === text) return this.#values[place]!
    const value = this.#read(text)
    this.#texts[place] = text
    this.#values[place] = value
    return value
  }
}

/** FNV-1a. */
function hash(text: string): number {
  let state = 0x811c9dc5
  for (let at = 0; at < text.length; at++) state = Math.imul(state ^ text.charCodeAt(at), 0x01000193)
  return state ^ (state >>> 15)
}
