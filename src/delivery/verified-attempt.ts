import type { ErrorCode } from '../errors.ts'
import {
  type Located,
  type Proof,
  ProofError,
  type ProofFault,
  type ProvedObject,
  UpstreamStatus,
} from '../providers/proof.ts'
import { type Asked, type AskedPart, askedPart, wantedOf } from './asked-part.ts'
import type { AttemptListener, AttemptTimeouts, Refused, ResponseHead, Running } from './attempt.ts'
import type { Deadline } from './deadlines.ts'
import { parseRetryAfter } from './head.ts'
import type { PulledUpstream } from './pulled-upstream.ts'
import type { Timers } from './timers.ts'
import { UpstreamFailure } from './upstream-failure.ts'

export interface VerifiedAttemptOptions {
  readonly proof: Proof
  readonly upstream: PulledUpstream
  readonly asked: Asked
  /** Its bytes could be served unproved: where they prove false, the site may have forgotten its manifest. */
  readonly trusted: boolean
  readonly timeouts: AttemptTimeouts
  readonly timers: Timers
  /** Milliseconds since 1970. */
  readonly epoch: () => number
  readonly onProved: (bytes: number) => void
}

const CODES: Readonly<Record<ProofFault, ErrorCode>> = {
  corrupt: 'content_corrupt',
  outdated: 'content_outdated',
  unproved: 'content_unproved',
  blocked: 'content_blocked',
  denied: 'content_denied',
  'not-found': 'content_not_found',
  'too-large': 'content_too_large',
  incomplete: 'http_response_incomplete',
}

/** Of what names its content: for a year, and nobody has to ask again (RFC 8246). */
const IMMUTABLE = 'public, max-age=31536000, immutable'

/**
 * One try at an Endpoint whose bytes have to be proved. To its listener it is as any other, but for this: the head is
 * made of proved metadata and comes with the first unit that is proved, and no byte comes that is not.
 */
export class VerifiedAttempt implements Running {
  /** A proof may need the same bytes once more: it says so of each unit. */
  holdsNothing = false
  readonly startedAt: number
  readonly #options: VerifiedAttemptOptions
  readonly #listener: AttemptListener
  #deadline: Deadline | null = null
  #continue: (() => void) | null = null
  #over = false

  constructor(options: VerifiedAttemptOptions, listener: AttemptListener) {
    this.#options = options
    this.#listener = listener
    this.startedAt = options.timers.now()
    this.#expireAfter(options.timeouts.head)
  }

  get asked(): boolean {
    return this.#options.upstream.asked
  }

  get hops(): number {
    return this.#options.upstream.hops
  }

  get waited(): number {
    return this.#options.upstream.waited
  }

  start(): void {
    const { proof, upstream, asked } = this.#options
    proof
      .locate(upstream, wantedOf(asked))
      .then((located) => this.#answer(located))
      .catch((error: unknown) => this.#fail(error))
  }

  cancel(): void {
    if (this.#over) return
    this.#finish()
    this.#options.upstream.cancel()
  }

  discard(): void {
    this.cancel()
  }

  resume(): void {
    const proceed = this.#continue
    this.#continue = null
    proceed?.()
  }

  async #answer(located: Located): Promise<void> {
    if (this.#over) return located.kind === 'object' ? located.discard() : undefined
    if (located.kind === 'absent') return this.#failWith('content_absent')
    if (located.kind === 'redirect') {
      return this.#complete(head(located.status, ['location', located.location, 'content-length', '0']))
    }
    const part =
      located.status === undefined ? askedPart(this.#options.asked, located) : wholeOf(located, located.status)
    const answer = headOf(located, part)
    if (this.#options.asked.method === 'GET' && part.last >= part.first) return this.#deliver(located, part, answer)
    located.discard()
    this.#complete(answer)
  }

  /** The head waits for the first unit: until then another endpoint can still take over unseen. */
  async #deliver(object: ProvedObject, { first, last }: AskedPart, answer: ResponseHead): Promise<void> {
    const units = object.read(first, last)[Symbol.asyncIterator]()
    try {
      let unit = await units.next()
      if (this.#over) return
      this.#listener.onHead(answer)
      while (unit.done !== true && !this.#over) {
        this.#options.onProved(unit.value.length)
        this.holdsNothing = object.holdsNothing === true
        if (!this.#listener.onData(asBuffer(unit.value))) await this.#resumed()
        if (this.#over) return
        this.#expireAfter(this.#options.timeouts.bodyIdle)
        unit = await units.next()
      }
      this.#end()
    } finally {
      units.return?.(undefined).catch(() => {})
    }
  }

  #resumed(): Promise<void> {
    this.#deadline?.cancel()
    return new Promise((resolve) => {
      this.#continue = resolve
    })
  }

  #complete(answer: ResponseHead): void {
    this.#listener.onHead(answer)
    this.#end()
  }

  #end(): void {
    if (this.#over) return
    this.#finish()
    this.#listener.onEnd()
  }

  #fail(error: unknown): void {
    if (error instanceof ProofError) return this.#failWith(this.#codeOf(error.fault))
    if (error instanceof UpstreamFailure) return this.#failWith(error.code, error.sent)
    if (error instanceof UpstreamStatus) {
      const retryAfter = parseRetryAfter(error.retryAfter, this.#options.epoch())
      return this.#failWith('content_unavailable', true, { status: error.status, retryAfter })
    }
    // What no parser should throw came of bytes that nobody understands.
    this.#failWith('content_unproved')
  }

  #codeOf(fault: ProofFault): ErrorCode {
    return fault === 'corrupt' && this.#options.trusted ? 'content_mismatch' : CODES[fault]
  }

  #failWith(code: ErrorCode, sent = true, refused?: Refused): void {
    if (this.#over) return
    this.#finish()
    this.#options.upstream.cancel()
    this.#listener.onFailure(code, sent, refused)
  }

  #finish(): void {
    this.#over = true
    this.#deadline?.cancel()
    this.resume()
  }

  /** A unit that comes a byte at a time would else keep a client waiting for ever. */
  #expireAfter(ms: number): void {
    this.#deadline?.cancel()
    this.#deadline = this.#options.timers.after(ms, () => this.#failWith('http_response_timeout'))
  }
}

/** A page in place of another is sent as a whole: conditions are about what was asked for. */
function wholeOf({ size }: ProvedObject, status: NonNullable<ProvedObject['status']>): AskedPart {
  return { status, first: 0, last: size - 1 }
}

function headOf({ size, type, etag, immutable }: ProvedObject, { status, first, last }: AskedPart): ResponseHead {
  const fields = ['etag', etag, 'accept-ranges', 'bytes']
  if (immutable) fields.push('cache-control', IMMUTABLE)
  if (status === 304) return head(status, fields)
  if (status === 412) return head(status, [...fields, 'content-length', '0'])
  if (status === 416) return head(status, [...fields, 'content-range', `bytes */${size}`, 'content-length', '0'])
  if (type !== null) fields.push('content-type', type)
  if (status === 206) fields.push('content-range', `bytes ${first}-${last}/${size}`)
  return head(status, [...fields, 'content-length', String(last - first + 1)])
}

function head(status: number, fields: readonly string[]): ResponseHead {
  return { status, rawHeaders: fields.map((field) => Buffer.from(field, 'latin1')) }
}

function asBuffer(unit: Uint8Array): Buffer {
  return Buffer.isBuffer(unit) ? unit : Buffer.from(unit.buffer, unit.byteOffset, unit.byteLength)
}
