import type { CompressSettings } from '../compression/settings.ts'
import { type Chooser, chooseVariant } from '../compression/variant.ts'
import type { ClientWriter } from '../delivery/client-writer.ts'
import type { Timers } from '../delivery/timers.ts'
import { EncodedBody } from './encoded-body.ts'
import type { Encoders } from './encoders.ts'

export interface CompressingWriterOptions {
  readonly client: ClientWriter
  /** Of the request: GET or HEAD, and what it accepts. */
  readonly asked: Chooser & { readonly method: string }
  readonly settings: CompressSettings
  readonly encoders: Encoders
  readonly timers: Timers
}

/**
 * Writes an answer in the variant that its client wants. Whoever writes here knows nothing of that: it sees the bytes of
 * the upstream, their length and their validators, so proofs and resumption stay as they are.
 */
export class CompressingWriter implements ClientWriter {
  readonly #options: CompressingWriterOptions
  readonly #client: ClientWriter
  #body: EncodedBody | null = null
  #resume: () => void = () => {}
  #gone: () => void = () => {}
  #handedOver: (() => void) | null = null

  constructor(options: CompressingWriterOptions) {
    this.#options = options
    this.#client = options.client
  }

  get bytes(): number {
    return this.#client.bytes
  }

  get waiting(): boolean {
    return this.#client.waiting || (this.#body?.waiting ?? false)
  }

  watch(resume: () => void, gone: () => void, leaving?: () => void): void {
    this.#resume = resume
    this.#gone = gone
    this.#client.watch(
      () => (this.#body === null ? resume() : this.#body.resume()),
      () => {
        this.#body?.drop()
        gone()
      },
      leaving,
    )
  }

  head(status: number, headers: string[]): void {
    const { asked, settings, encoders } = this.#options
    const { encoding, fields, identity } = chooseVariant(asked, { status, fields: headers }, settings)
    const lease = encoding === null || asked.method !== 'GET' ? null : encoders.lease(encoding)
    if (lease === null) return this.#client.head(status, asked.method === 'GET' ? identity : fields)
    const body = new EncodedBody({
      lease,
      client: this.#client,
      timers: this.#options.timers,
      onDrain: () => this.#resume(),
      onOver: (failed) => this.#onBodyOver(failed),
    })
    try {
      this.#client.head(status, fields)
    } catch (error) {
      body.drop()
      throw error
    }
    this.#body = body
  }

  flush(): void {
    // What waits in the encoder is flushed, and takes the head along.
    if (this.#body === null || !this.#body.waiting) this.#client.flush()
  }

  write(chunk: Buffer, taken?: (chunk: Buffer) => void): boolean {
    return this.#body === null ? this.#client.write(chunk, taken) : this.#body.write(chunk)
  }

  end(last?: Buffer): void {
    if (this.#body === null) return this.#client.end(last)
    if (last !== undefined) this.#body.write(last)
    this.#body.end()
  }

  /** The encoder is not ended: what it would say last is that this was all. */
  abort(): void {
    this.#body?.drop()
    this.#client.abort()
  }

  whenHandedOver(then: () => void): void {
    if (this.#body === null || this.#body.over) then()
    else this.#handedOver = then
  }

  #onBodyOver(failed: boolean): void {
    if (failed) {
      this.#client.abort()
      this.#gone()
    }
    this.#handedOver?.()
  }
}
