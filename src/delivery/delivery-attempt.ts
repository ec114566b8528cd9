import type { Endpoint } from '../config/snapshot.ts'
import type { ErrorCode } from '../errors.ts'
import type { Reason } from '../steering/reasons.ts'
import type { AttemptListener, Refused, ResponseHead, Running } from './attempt.ts'

/** What becomes of a try, for the Delivery that made it. */
export interface AttemptOwner {
  onHead(by: DeliveryAttempt, head: ResponseHead): void
  onData(by: DeliveryAttempt, chunk: Buffer): boolean
  onEnd(by: DeliveryAttempt): void
  onFailure(by: DeliveryAttempt, code: ErrorCode, sent: boolean, refused?: Refused): void
}

export interface DeliveryAttemptOptions {
  readonly endpoint: Endpoint
  readonly reason: Reason
  /** Says that the endpoint's headers are no longer waited for. */
  readonly release: () => void
  /** Makes the try; it says nothing before this has returned. */
  readonly begin: (listener: AttemptListener) => Running
}

/** What is kept of an answer that was not wanted, in case nothing better comes. */
const MAX_KEPT = 64 * 1024

/** A try with its place in a Delivery: it hears everything first, and keeps an unwanted answer where asked to. */
export class DeliveryAttempt {
  readonly endpoint: Endpoint
  readonly reason: Reason
  readonly attempt: Running
  /** Where its record stands among those of the delivery, once it has one. */
  recordIndex = -1
  #head: ResponseHead | null = null
  #kept: Buffer[] | null = null
  #keptBytes = 0
  #whole = false
  #lost = false
  readonly #release: () => void

  constructor(owner: AttemptOwner, options: DeliveryAttemptOptions) {
    const { endpoint, reason, release, begin } = options
    this.endpoint = endpoint
    this.reason = reason
    this.#release = release
    this.attempt = begin({
      onHead: (head) => {
        release()
        this.#head = head
        owner.onHead(this, head)
      },
      onData: (chunk) => (this.#kept === null ? owner.onData(this, chunk) : this.#keepData(chunk)),
      onEnd: () => {
        this.#whole = true
        if (this.#kept === null) owner.onEnd(this)
      },
      onFailure: (code, sent, refused) => {
        release()
        if (this.#kept === null) owner.onFailure(this, code, sent, refused)
        else this.#lost = true
      },
    })
  }

  /** Stops without a word to the owner. */
  cancel(): void {
    this.#release()
    this.attempt.cancel()
  }

  /** From its head on, the answer is kept instead of told: it is unwanted, and may be all there is in the end. */
  keep(): void {
    this.#kept = []
  }

  /**
   * The kept answer, which is wanted after all: what came of it so far, and the owner hears the rest. null: it was too
   * long to keep, or broke off.
   */
  unkeep(): { readonly head: ResponseHead; readonly body: Buffer; readonly whole: boolean } | null {
    if (this.#kept === null || this.#lost) return null
    const body = Buffer.concat(this.#kept)
    this.#kept = null
    return { head: this.#head!, body, whole: this.#whole }
  }

  #keepData(chunk: Buffer): boolean {
    this.#keptBytes += chunk.length
    if (this.#keptBytes <= MAX_KEPT) {
      this.#kept!.push(chunk)
    } else {
      this.#lost = true
      this.attempt.cancel()
    }
    return true
  }
}
