import { Body, type BodyReader } from '../../cache/body.ts'
import type { Encoding } from '../../compression/encoding.ts'
import { EncodedBody } from '../encoded-body.ts'
import type { Lease } from '../encoders.ts'
import type { Services } from '../services.ts'

/** A body that is stored or coming, and the key that its answer has. */
export interface Encodable {
  readonly key: string
  readonly body: Body
}

/** By the body and the coding: what one encoder makes of it for all who want it. */
const UNDER_WAY = new WeakMap<Body, Map<Encoding, Body>>()

/**
 * Reads the content of an answer in a coding while it is made: once, for however many clients ask meanwhile. When all of
 * it is made the cache keeps it.
 *
 * @returns null: as many encoders as may be are at work, or what was made is too large for one more reader
 */
export function sharedEncoding(services: Services, encodable: Encodable, encoding: Encoding): BodyReader | null {
  const made = UNDER_WAY.get(encodable.body)?.get(encoding)
  if (made !== undefined) {
    const reader = made.reader()
    if (reader !== null) services.metrics.compressionReused.child(encoding).inc()
    return reader
  }
  const source = encodable.body.reader()
  const lease = source === null ? null : services.encoders.lease(encoding)
  if (lease !== null) return new SharedEncoding(services, encodable, { source: source!, lease }).start()
  source?.cancel()
  return null
}

/** Other clients should not read for long what was cut into small pieces for one that waited: bytes of a flush. */
const WORTH_A_FLUSH = 16_384

class SharedEncoding {
  readonly #services: Services
  readonly #encodable: Encodable
  readonly #source: BodyReader
  readonly #lease: Lease
  readonly #target: Body
  readonly #encoded: EncodedBody
  #isPaused = false

  constructor(services: Services, encodable: Encodable, { source, lease }: { source: BodyReader; lease: Lease }) {
    this.#services = services
    this.#encodable = encodable
    this.#source = source
    this.#lease = lease
    const target = new Body(services.cache.maxInMemory)
    this.#target = target
    this.#encoded = new EncodedBody({
      lease,
      client: new EncodedSink(target),
      timers: services.timers,
      onDrain: () => this.#onDrain(),
      onOver: (failed) => this.#onOver(failed),
    })
    target.onDrain(() => this.#encoded.resume())
  }

  start(): BodyReader {
    const { body } = this.#encodable
    const { encoding } = this.#lease
    const others = UNDER_WAY.get(body)
    if (others === undefined) UNDER_WAY.set(body, new Map([[encoding, this.#target]]))
    else others.set(encoding, this.#target)
    const reader = this.#target.reader()!
    this.#pump()
    return reader
  }

  #pump = (): void => {
    while (!this.#encoded.over && !this.#isPaused) {
      const next = this.#next()
      if (next === 'wait') return
      if (next === 'end') return this.#encoded.end()
      this.#isPaused = !this.#encoded.write(next)
    }
  }

  #next(): Buffer | 'wait' | 'end' {
    try {
      return this.#source.next(this.#pump)
    } catch (error) {
      // The encoder is not ended: what it would say last is that this was all.
      this.#target.fail(error)
      this.#encoded.drop()
      return 'wait'
    }
  }

  #onDrain(): void {
    this.#isPaused = false
    this.#pump()
  }

  #onOver(failed: boolean): void {
    const { key, body } = this.#encodable
    const { encoding } = this.#lease
    this.#source.cancel()
    if (failed) this.#target.fail(new Error('the encoder has failed'))
    UNDER_WAY.get(body)?.delete(encoding)
    if (!this.#isWorthKeeping()) return
    const pieces = this.#target.slices(WHOLE)
    const content = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)
    this.#services.cache.keepEncoded(key, body, encoding, content)
  }

  #isWorthKeeping(): boolean {
    const { state, isOverLimit } = this.#target
    const isWhole = state === 'complete' && !isOverLimit && this.#encodable.body.state === 'complete'
    return isWhole && this.#encoded.flushes <= 1 + this.#encodable.body.bytes / WORTH_A_FLUSH
  }
}

const WHOLE = { first: 0, last: Number.MAX_SAFE_INTEGER }

/** A Body as what an encoder writes to. */
class EncodedSink {
  readonly #target: Body

  constructor(target: Body) {
    this.#target = target
  }

  get bytes(): number {
    return this.#target.bytes
  }

  write(chunk: Buffer): boolean {
    return this.#target.append(chunk)
  }

  end(): void {
    this.#target.end()
  }
}
