import type { Encoding } from '../compression/encoding.ts'
import type { Metrics } from '../observe/metrics.ts'
import { createEncoder, type Encoder } from './encoder.ts'

/** Encoders at work in this process: each takes up to 2 MiB, and a slow client keeps its own for as long as it reads. */
const MOST = 128

/** An encoder of one answer, which has to be given back. */
export interface Lease {
  readonly encoder: Encoder
  readonly encoding: Encoding
  /** Frees it, at whatever point it is. @param bytes that went in, and those that came out */
  release(input: number, output: number): void
}

/** Hands out encoders, no more than there is memory for. */
export class Encoders {
  readonly #metrics: Metrics
  readonly #most: number
  #busy = 0

  constructor(metrics: Metrics, most = MOST) {
    this.#metrics = metrics
    this.#most = most
  }

  /** At work now. */
  get busy(): number {
    return this.#busy
  }

  /** null: there are as many as may be, or no memory for one more. What would be compressed goes as it is. */
  lease(encoding: Encoding): Lease | null {
    const encoder = this.#busy < this.#most ? tryCreate(encoding) : null
    if (encoder === null) {
      this.#metrics.compressionSkipped.child().inc()
      return null
    }
    this.#busy++
    return { encoder, encoding, release: (input, output) => this.#release(encoder, encoding, { input, output }) }
  }

  #release(encoder: Encoder, encoding: Encoding, { input, output }: { input: number; output: number }): void {
    this.#busy--
    encoder.destroy()
    if (output > 0) this.#metrics.compressedResponses.child(encoding).inc()
    this.#metrics.compressionInputBytes.child(encoding).inc(input)
    this.#metrics.compressionOutputBytes.child(encoding).inc(output)
  }
}

function tryCreate(encoding: Encoding): Encoder | null {
  try {
    return createEncoder(encoding)
  } catch {
    return null
  }
}
