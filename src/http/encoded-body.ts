import type { AnswerSink } from '../delivery/client-writer.ts'
import type { Deadline } from '../delivery/deadlines.ts'
import type { Timers } from '../delivery/timers.ts'
import { flushEncoder } from './encoder.ts'
import type { Lease } from './encoders.ts'

/** Of two flushes: each costs bytes, and none lets a reader wait. Milliseconds. */
const FLUSH_EVERY = 20

export interface EncodedBodyOptions {
  readonly lease: Lease
  /** Where encoded bytes go. */
  readonly client: Pick<AnswerSink, 'bytes' | 'write' | 'end'>
  readonly timers: Timers
  /** The encoder takes more after a false `write`. */
  readonly onDrain: () => void
  /** It is over, in whatever way; `failed`: the encoder gave up in the middle. */
  readonly onOver: (failed: boolean) => void
}

/**
 * A body on its way through an encoder, with backpressure on both sides. What was written never waits for more of it: it
 * is flushed as soon as nothing follows at once, so that live answers stay live.
 */
export class EncodedBody {
  readonly #options: EncodedBodyOptions
  readonly #before: number
  #input = 0
  /** Pieces that the encoder has not taken in yet. */
  #pending = 0
  #ended = false
  #over = false
  #flushes = 0
  #flushedAt = Number.NEGATIVE_INFINITY
  #flush: Deadline | null = null

  constructor(options: EncodedBodyOptions) {
    this.#options = options
    const { lease, client } = options
    this.#before = client.bytes
    lease.encoder.on('data', (chunk: Buffer) => {
      if (!this.#over && !client.write(chunk)) lease.encoder.pause()
    })
    lease.encoder.on('drain', options.onDrain)
    lease.encoder.once('end', () => this.#complete())
    lease.encoder.on('error', () => this.#finish(true))
  }

  get over(): boolean {
    return this.#over
  }

  /** How often something was flushed because nothing followed at once: each time costs bytes. */
  get flushes(): number {
    return this.#flushes
  }

  /** Something waits in the encoder. */
  get waiting(): boolean {
    const { encoder } = this.#options.lease
    return !this.#over && (this.#pending > 0 || encoder.readableLength > 0)
  }

  /** False: wait for `onDrain`. */
  write(chunk: Buffer): boolean {
    this.#input += chunk.length
    this.#pending++
    return this.#options.lease.encoder.write(chunk, () => this.#onTaken())
  }

  /** The client takes more. */
  resume(): void {
    this.#options.lease.encoder.resume()
  }

  end(): void {
    this.#ended = true
    this.#flush?.cancel()
    this.#options.lease.encoder.end()
  }

  /** What is left in the encoder goes nowhere. */
  drop(): void {
    this.#finish(false)
  }

  #onTaken(): void {
    this.#pending--
    if (this.#pending > 0 || this.#ended || this.#over || this.#flush !== null) return
    const { timers } = this.#options
    const wait = this.#flushedAt + FLUSH_EVERY - timers.now()
    if (wait <= 0) this.#flushNow()
    else this.#flush = timers.after(wait, () => this.#flushNow())
  }

  #flushNow(): void {
    const { timers, lease } = this.#options
    this.#flush = null
    this.#flushes++
    this.#flushedAt = timers.now()
    flushEncoder(lease.encoder, lease.encoding, () => {})
  }

  #complete(): void {
    if (this.#over) return
    this.#options.client.end()
    this.#finish(false)
  }

  #finish(failed: boolean): void {
    if (this.#over) return
    this.#over = true
    this.#flush?.cancel()
    const { lease, client, onOver } = this.#options
    lease.release(this.#input, client.bytes - this.#before)
    onOver(failed)
  }
}
