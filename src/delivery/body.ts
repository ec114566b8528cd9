import type { ResumeSettings } from '../config/snapshot.ts'
import {
  continued,
  continues,
  type Part,
  partFrom,
  promisedLength,
  type Representation,
  type Resumable,
  resumable,
} from './resume.ts'

/** What renews the attempts of a request: that much of its body has arrived since. Bytes. */
const RENEWAL = 256 * 1024

const NO_ANSWER: Representation = {
  status: 0,
  etag: null,
  lastModified: null,
  contentLength: null,
  contentRange: null,
  contentEncoding: null,
  contentType: null,
}

/** The body that a client is getting: how far it is, and whether another endpoint may continue it. */
export class Body {
  #resumable: Resumable | null
  /** Bytes that the client is to get in all; null while unknown. */
  #length: number | null
  #delivered = 0
  #renewedAt = 0

  constructor(answer: Representation, settings: ResumeSettings) {
    this.#resumable = resumable(answer, settings)
    this.#length = promisedLength(answer)
  }

  /** Of an answer that has none: to HEAD. */
  static none(): Body {
    return new Body(NO_ANSWER, { enabled: false, require: 'strong-etag' })
  }

  /** A piece has been handed to the client. */
  add(bytes: number): void {
    this.#delivered += bytes
  }

  /** Whether this many more bytes would be more than was promised. */
  exceeds(bytes: number): boolean {
    return this.#length !== null && this.#delivered + bytes > this.#length
  }

  /** Whether an end now is the end. Where the length is not known, the framing is believed. */
  get complete(): boolean {
    return this.#length === null || this.#delivered === this.#length
  }

  /** Whether nothing is missing, so that a failure after the last byte is none. */
  get delivered(): boolean {
    return this.#length !== null && this.#delivered === this.#length
  }

  /** What to ask the next endpoint for; null: a failure cannot be hidden. */
  get rest(): Part | null {
    return this.#resumable === null ? null : partFrom(this.#resumable, this.#delivered)
  }

  /** Whether enough has come since the last time to begin counting attempts anew; asking resets it. */
  renews(): boolean {
    if (this.#delivered - this.#renewedAt < RENEWAL) return false
    this.#renewedAt = this.#delivered
    return true
  }

  /** Takes an answer as the continuation, if it proves to be one. */
  splice(answer: Representation): boolean {
    if (this.#resumable === null || !continues(this.#resumable, this.#delivered, answer)) return false
    this.#resumable = continued(this.#resumable, answer)
    this.#length = this.#resumable.last! - this.#resumable.first + 1
    return true
  }
}
