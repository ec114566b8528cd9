import sonic from 'sonic-boom'

/** Where lines go. `line` is not empty and has no newline in it. */
export interface LineSink {
  write(line: string): void
}

export interface SinkOptions {
  /** Bytes that may wait for a slow reader; lines beyond are dropped and counted. Default 4 MiB. */
  readonly maxWaiting?: number
  /** Milliseconds that a line may wait for company. Default 50. */
  readonly delay?: number
}

/** Half of what a pipe takes (pipe(7): 64 KiB): what it does not take at once is tried again after a tenth of a second. */
const BATCH = 32 * 1024
const MAX_WAITING = 4 * 1024 * 1024
const DELAY = 50

/**
 * Lines to a file descriptor, in batches, without ever blocking a request. A reader that is slow or gone costs lines
 * (`dropped`), no memory beyond the bound and no crash; when it reads again, writing goes on.
 */
export class Sink implements LineSink {
  readonly #out: sonic.SonicBoom
  readonly #delay: number
  #batch = ''
  #batchLines = 0
  #timer: NodeJS.Timeout | null = null
  /** Batches handed over and not yet written: their length in bytes and lines, oldest first. */
  readonly #waiting: { bytes: number; readonly lines: number }[] = []
  #dropped = 0
  #closing = false

  /**
   * Takes over the descriptor: close() closes it, but for 1 and 2. It should be non-blocking, or a stalled reader holds a
   * thread and even process.exit: pass `process.stdout.fd`, whose mere use makes a pipe non-blocking, and not 1.
   */
  constructor(fd: number, options: SinkOptions = {}) {
    this.#delay = options.delay ?? DELAY
    this.#out = new sonic.SonicBoom({
      fd,
      // Above 0, or flush() would do nothing.
      minLength: 1,
      maxLength: options.maxWaiting ?? MAX_WAITING,
      retryEAGAIN: () => !this.#closing,
    })
    this.#out.on('write', (bytes: number) => this.#written(bytes))
    // EPIPE, ENOSPC, EIO: the batch stays with SonicBoom, and is tried again with the next one.
    this.#out.on('error', () => {})
  }

  /** Lines lost so far. */
  get dropped(): number {
    return this.#dropped
  }

  write(line: string): void {
    if (this.#closing) {
      this.#dropped++
      return
    }
    this.#batch += `${line}\n`
    this.#batchLines++
    if (this.#batch.length >= BATCH) this.#handOver()
    else this.#timer ??= setTimeout(() => this.#handOver(), this.#delay).unref()
  }

  /** Waits until all lines so far are written, an error says that they cannot be, or `timeout` ms are over. */
  async flush(timeout = 1000): Promise<boolean> {
    this.#handOver()
    if (this.#waiting.length === 0) return true
    this.#out.flush()
    await this.#settled(timeout)
    return this.#waiting.length === 0
  }

  /** Like flush, and closes the descriptor. Later lines are dropped. What could not be written counts as dropped. */
  async close(timeout = 1000): Promise<void> {
    if (this.#closing) return
    const clean = await this.flush(timeout)
    this.#closing = true
    this.#handOver()
    for (const { lines } of this.#waiting.splice(0)) this.#dropped += lines
    // A stuck descriptor stays open: a late retry must not write to whatever gets its number next.
    if (clean) await this.#end()
  }

  #handOver(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    if (this.#batch === '') return
    const batch = this.#batch
    const lines = this.#batchLines
    this.#batch = ''
    this.#batchLines = 0
    const onDrop = () => {
      this.#dropped += lines
      this.#waiting.pop()
    }
    this.#waiting.push({ bytes: Buffer.byteLength(batch), lines })
    this.#out.once('drop', onDrop)
    this.#out.write(batch)
    this.#out.off('drop', onDrop)
    // After an error and with a full queue write() alone would never try again.
    this.#out.flush()
  }

  #written(bytes: number): void {
    let left = bytes
    while (left > 0) {
      const oldest = this.#waiting[0]
      if (oldest === undefined) return
      const part = Math.min(left, oldest.bytes)
      oldest.bytes -= part
      left -= part
      if (oldest.bytes === 0) this.#waiting.shift()
    }
  }

  async #settled(timeout: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, timeout)
    this.#out.once('drain', resolve)
    this.#out.once('error', resolve)
    await promise
    clearTimeout(timer)
    this.#out.off('drain', resolve)
    this.#out.off('error', resolve)
  }

  async #end(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#out.once('close', resolve)
    this.#out.once('error', resolve)
    this.#out.end()
    await promise
  }
}
