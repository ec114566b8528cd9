import { parseContentRange } from '../delivery/resume.ts'
import {
  type Ask,
  type AskedEndpoint,
  type Located,
  type Proof,
  ProofError,
  type Reply,
  UpstreamStatus,
} from '../providers/proof.ts'
import type { ManifestFile } from './manifest.ts'
import { partings } from './partings.ts'
import { type PieceWindow, pieceEnd, pieceStart, verifiedPieces } from './verified-pieces.ts'

export interface ManifestProofOptions {
  /** What the endpoint is asked for, in origin form: the client's own target. */
  readonly target: string
  readonly file: ManifestFile
  /** What stood under this path before, where that is still an excuse, and what was published there meanwhile. */
  others(): readonly ManifestFile[]
}

/** How much of an answer that does not begin where it should is read to get there. Bytes. */
const MAX_SKIP = 1024 * 1024

/**
 * Proves what any HTTP endpoint sends by the signed manifest: what the object is, is known before anybody is asked, and
 * each piece of 256 KiB is verified by itself, so that a body can change endpoints at any offset.
 */
export class ManifestProof implements Proof {
  readonly #options: ManifestProofOptions

  constructor(options: ManifestProofOptions) {
    this.#options = options
  }

  async locate(upstream: AskedEndpoint): Promise<Located> {
    const { size, type, etag } = this.#options.file
    const read = (first: number, last: number) => this.#readOne(upstream, first, last)
    return { kind: 'object', size, type, etag, immutable: false, read, holdsNothing: true, discard: () => {} }
  }

  /** What begins as another edition does could turn out to be that when it is too late: where they part is asked first. */
  async *#readOne(upstream: AskedEndpoint, first: number, last: number): AsyncGenerator<Buffer> {
    const { file, others } = this.#options
    for (const offset of partings(file, others(), first, last)) await this.#check(upstream, offset)
    yield* this.#read(upstream, first, last)
  }

  /** Who does not answer ranges may still be right. */
  async #check(upstream: AskedEndpoint, offset: number): Promise<void> {
    try {
      for await (const _ of this.#read(upstream, offset, offset));
    } catch (error) {
      if (!(error instanceof ProofError) || error.fault !== 'unproved') throw error
    }
  }

  async *#read(upstream: AskedEndpoint, first: number, last: number): AsyncGenerator<Buffer> {
    const { target, file } = this.#options
    const [start, end] = [pieceStart(first), pieceEnd(last, file.size)]
    const whole = start === 0 && end === file.size - 1
    const rangeOf = (from: number, to: number): Ask => ({ path: target, range: `bytes=${from}-${to}` })
    const reply = await upstream.ask(whole ? { path: target } : rangeOf(start, end))
    const others = () => this.#options.others()
    const window: PieceWindow = { file, others, contradiction: 'corrupt', first, last }
    let answered: Answered
    try {
      answered = answeredBy(reply, whole)
      refusePage(reply, file)
      if (answered.size !== null && answered.size !== file.size) {
        await refuseSize(reply, answered, window, (from, to) => upstream.ask(rangeOf(from, to)))
      }
      if (answered.start > start || start - answered.start > MAX_SKIP) {
        throw new ProofError('unproved', 'the answer begins elsewhere than it was asked to')
      }
    } catch (error) {
      await cancel(reply)
      throw error
    }
    yield* verifiedPieces(skipping(reply.body, start - answered.start), window)
  }
}

/** What the head of an answer says, without proof. */
interface Answered {
  /** The offset of its first byte. */
  readonly start: number
  /** Of all of the object; null: it does not say. */
  readonly size: number | null
}

/** Throws what the status means where it is not an answer with bytes of the object. */
function answeredBy(reply: Reply, whole: boolean): Answered {
  const { status } = reply
  if (status === 404) throw new ProofError('not-found', 'the endpoint knows no such file')
  if (status === 410 || status === 451) throw new ProofError('blocked', `the endpoint answers ${status}`)
  if (status !== 200 && status !== 206 && status !== 416) throw new UpstreamStatus(status, reply.header('retry-after'))
  const coding = reply.header('content-encoding')
  if (coding !== null && coding.toLowerCase() !== 'identity') throw new ProofError('unproved', 'the answer is encoded')
  if (status === 200) return { start: 0, size: lengthOf(reply.header('content-length')) }
  const range = status === 206 && !whole ? parseContentRange(reply.header('content-range')) : null
  if (range === null) throw new ProofError('unproved', `an answer of ${status} that was not asked for`)
  return { start: range.first, size: range.complete }
}

/** A page that says that something went wrong is no lie about the file: it ejects nobody. */
function refusePage(reply: Reply, file: ManifestFile): void {
  const isPage = (type: string | null) => type?.toLowerCase().startsWith('text/html') === true
  if (isPage(reply.header('content-type')) && !isPage(file.type)) throw new ProofError('unproved', 'a page instead')
}

function lengthOf(field: string | null): number | null {
  return field !== null && /^\d{1,15}$/.test(field) ? Number(field) : null
}

/**
 * An object of another size is another object. It is another edition where the first piece of it that came is: its size
 * alone would be an excuse that every liar has.
 */
async function refuseSize(
  reply: Reply,
  { size, start }: Answered,
  window: PieceWindow,
  ask: (first: number, last: number) => Promise<Reply>,
): Promise<never> {
  const contradiction = new ProofError('corrupt', 'the size contradicts the manifest')
  const outdated = new ProofError('outdated', 'the size is that of another edition')
  const [edition, ...others] = window.others().filter((other) => other.size === size)
  if (edition === undefined) throw contradiction
  if (edition.size === 0) throw outdated
  if (pieceStart(start) !== start || start >= edition.size) throw contradiction
  const sought = { first: start, last: start }
  const body = await wholePiece(reply, pieceEnd(start, edition.size), window, ask)
  const pieces = verifiedPieces(body, { file: edition, others: () => others, contradiction: 'corrupt', ...sought })
  await pieces.next().catch((error: unknown) => {
    if (error instanceof ProofError) throw error.fault === 'outdated' ? outdated : contradiction
    throw error
  })
  await pieces.return(undefined)
  throw outdated
}

/** The body with the piece that begins where the answer does. Asked for as the end of a file, it may be a part of it. */
async function wholePiece(
  reply: Reply,
  last: number,
  { file, ...window }: PieceWindow,
  ask: (first: number, last: number) => Promise<Reply>,
): Promise<AsyncIterable<Uint8Array>> {
  if (reply.status !== 206 || last <= pieceEnd(window.last, file.size)) return reply.body
  await cancel(reply)
  const again = await ask(pieceStart(last), last)
  try {
    if (answeredBy(again, false).start === pieceStart(last)) return again.body
    throw new ProofError('unproved', 'the answer begins elsewhere than it was asked to')
  } catch (error) {
    await cancel(again)
    throw error
  }
}

async function* skipping(body: AsyncIterable<Uint8Array>, bytes: number): AsyncGenerator<Uint8Array> {
  let left = bytes
  for await (const chunk of body) {
    if (left < chunk.length) yield left === 0 ? chunk : chunk.subarray(left)
    left = Math.max(0, left - chunk.length)
  }
}

async function cancel({ body }: Reply): Promise<void> {
  await body[Symbol.asyncIterator]().return?.()
}
