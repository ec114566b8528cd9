const WIDTH = 30
/** Between two looks. Milliseconds. */
const INTERVAL = 100
const CLEAR = '\r\x1b[K'

/** A bar of how much has been read, on a terminal. */
export class Progress {
  readonly #unit: string
  readonly #write: (text: string) => void
  readonly #now: () => number
  readonly #size: number | null
  #read = 0
  #shownAt = Number.NEGATIVE_INFINITY

  /**
   * @param unit what is counted besides bytes: `lines`
   * @param size of all together; null: nobody knows
   */
  constructor(unit: string, size: number | null, write: (text: string) => void, now: () => number) {
    this.#unit = unit
    this.#size = size
    this.#write = write
    this.#now = now
  }

  add(bytes: number, count: number): void {
    this.#read += bytes
    const now = this.#now()
    if (now - this.#shownAt < INTERVAL) return
    this.#shownAt = now
    const told = `${count.toLocaleString('en-US')} ${this.#unit}`
    if (this.#size === null) return this.#write(`${CLEAR}${told}`)
    const share = Math.min(1, this.#read / Math.max(1, this.#size))
    const bar = '█'.repeat(Math.floor(share * WIDTH)).padEnd(WIDTH, '░')
    this.#write(`${CLEAR}${bar} ${Math.floor(share * 100)} %  ${told}`)
  }

  end(): void {
    this.#write(CLEAR)
  }
}
