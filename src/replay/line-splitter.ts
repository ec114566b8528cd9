const NEWLINE = 10
const RETURN = 13

/** Cuts bytes into lines of UTF-8. One that is longer than `max` bytes costs no more memory than that. */
export class LineSplitter {
  readonly #max: number
  readonly #onLine: (line: string | null) => void
  #parts: Uint8Array[] = []
  #held = 0

  /** @param onLine called for each line, without its end; null: it was too long */
  constructor(max: number, onLine: (line: string | null) => void) {
    this.#max = max
    this.#onLine = onLine
  }

  push(chunk: Buffer): void {
    let from = 0
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
      if (this.#held === 0 && end - from <= this.#max) this.#onLine(textOf(chunk, from, end))
      else {
        this.#hold(chunk.subarray(from, end))
        this.#release()
      }
      from = end + 1
    }
    if (from < chunk.length) this.#hold(chunk.subarray(from))
  }

  /** The last line may have no end. */
  end(): void {
    if (this.#held > 0) this.#release()
  }

  #hold(part: Uint8Array): void {
    this.#held += part.length
    if (this.#held > this.#max) this.#parts = []
    else this.#parts.push(part)
  }

  #release(): void {
    const whole = this.#held > this.#max ? null : Buffer.concat(this.#parts)
    this.#parts = []
    this.#held = 0
    this.#onLine(whole === null ? null : textOf(whole, 0, whole.length))
  }
}

function textOf(bytes: Buffer, from: number, end: number): string {
  return bytes.toString('utf8', from, bytes[end - 1] === RETURN && end > from ? end - 1 : end)
}
