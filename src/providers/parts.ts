/** Small pieces that are kept one by one, before they become one. */
const MAX_SMALL = 256
/** Bytes from which on a piece is worth its own place. */
const LARGE = 1024

/**
 * Pieces of something, as they arrive. Large ones are kept as they are; a sender that sends byte by byte would cost a
 * hundred bytes for each, so small ones are joined.
 */
export class Parts {
  readonly #parts: Uint8Array[] = []
  #small = 0

  add(part: Uint8Array): void {
    this.#parts.push(part)
    this.#small = part.length < LARGE ? this.#small + 1 : 0
    if (this.#small < MAX_SMALL) return
    this.#parts.push(Buffer.concat(this.#parts.splice(-MAX_SMALL)))
    this.#small = 0
  }

  get all(): readonly Uint8Array[] {
    return this.#parts
  }
}
