import type { Socket } from 'node:net'

const MAX_BYTES = 64 * 1024

/** What a client sends before its upgrade is answered: kept, in bounds, until somebody speaks its language. */
export class EarlyBytes {
  readonly #socket: Socket
  #chunks: Buffer[]
  #size: number
  #onGone: () => void = () => {}

  constructor(socket: Socket, head: Buffer) {
    this.#socket = socket
    this.#chunks = head.length > 0 ? [head] : []
    this.#size = head.length
  }

  /** `onGone`: the client left. One that ends its side before the answer cannot use what it asked for either. */
  collect(onGone: () => void): void {
    this.#onGone = onGone
    this.#socket.on('data', this.#onData).on('end', onGone).on('close', onGone)
    this.#socket.resume()
  }

  /** Ends the collection and hands it over; the socket is paused. */
  take(): readonly Buffer[] {
    this.#release()
    this.#socket.pause()
    const chunks = this.#chunks
    this.#chunks = []
    return chunks
  }

  /** Ends the collection; what comes is read, so that the client's leaving shows, and thrown away. */
  discard(): void {
    this.#release()
    this.#chunks = []
    this.#socket.resume()
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#chunks.push(chunk)
    this.#size += chunk.length
    if (this.#size >= MAX_BYTES) this.#socket.pause()
  }

  #release(): void {
    this.#socket.off('data', this.#onData).off('end', this.#onGone).off('close', this.#onGone)
  }
}
