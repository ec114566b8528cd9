import t from 'tap'
import type { ArweaveProof } from '../../../src/providers/arweave/arweave-proof.ts'
import { type AskedEndpoint, ProofError } from '../../../src/providers/proof.ts'
import {
  ArweaveGateway,
  CHUNK_LIES,
  HEADER_LIES,
  type Lie,
  NO_ANSWERS,
  OFFSET_LIES,
  type Resource,
} from '../../helpers/arweave-gateway.ts'
import { arweaveManifest, arweaveTransaction } from '../../helpers/arweave-transaction.ts'
import { LoopbackUpstream } from '../../helpers/loopback-upstream.ts'
import { bytesOf, KIB, objectAt, proofOf } from './support.ts'

const small = await arweaveTransaction(bytesOf(5), { 'Content-Type': 'text/plain' })
const split = await arweaveTransaction(bytesOf(260 * KIB))
const large = await arweaveTransaction(bytesOf(600 * KIB))
const site = await arweaveManifest({ small: small.id, large: large.id })
const honest = await new ArweaveGateway().store(small, split, large, site).listen(t)

const OBJECTS = [
  { name: 'a byte or five', id: small.id, path: '', data: small.data, binary: true },
  { name: 'two chunks', id: split.id, path: '', data: split.data, binary: true },
  { name: 'two chunks in JSON', id: split.id, path: '', data: split.data, binary: false },
  { name: 'a file of a site', id: site.id, path: '/large', data: large.data, binary: true },
]

const RESOURCES: readonly Resource[] = ['header', 'offset', 'chunk']
const LIES: readonly Lie[] = [
  ...NO_ANSWERS.flatMap((what) => RESOURCES.map((on) => ({ on, what }))),
  ...HEADER_LIES.map((what) => ({ on: 'header' as const, what })),
  ...OFFSET_LIES.map((what) => ({ on: 'offset' as const, what })),
  ...CHUNK_LIES.map((what) => ({ on: 'chunk' as const, what })),
  ...[...CHUNK_LIES, ...NO_ANSWERS].map((what) => ({ on: 'chunk' as const, what, after: 2 })),
]

/** With one chunk there is no other to be given for it: the lie is the truth. */
const TRUE_OF_ONE: readonly string[] = ['other-chunk', 'swapped-bytes', 'wrong-path']

/** What may be a lie and may be an accident looks the same: half of a chunk as if it were all. */
const MAY_BE_CORRUPT: readonly string[] = ['cut-cleanly', 'not-json']

for (const { name, id, path, data, binary } of OBJECTS) {
  t.test(`${name}, from a liar and then from an honest gateway`, async (t) => {
    const lies = LIES.filter(({ after }) => after === undefined || data === large.data)
    for (const lie of lies) {
      const liar = new ArweaveGateway({ binary }).store(small, split, large, site)
      const upstream = new LoopbackUpstream(t, (await liar.listen(t)).url)
      liar.lie = lie
      liar.onStall = () => upstream.end()
      const download = new Download(id, path)
      const error = await download.from(upstream)
      const problem =
        download.problem(data, error) ??
        (error === null && !isHarmless(lie, data) ? 'not noticed' : null) ??
        (isEjected(error) && isAccident(lie) ? `ejected: ${error}` : null) ??
        (error === null ? null : download.problem(data, await download.from(new LoopbackUpstream(t, honest.url))))
      if (problem !== null) t.fail(`${lie.on}: ${lie.what} after ${lie.after ?? 0}: ${problem}`)
      upstream.end()
    }
    t.pass(`${lies.length} lies`)
  })
}

/** One object, from one endpoint after the other. */
class Download {
  readonly #proof: ArweaveProof
  readonly #received: Uint8Array[] = []

  constructor(id: string, path: string) {
    this.#proof = proofOf(id, path)
  }

  /** Goes on where it is; resolves with what ended it, null: it is complete. */
  async from(upstream: AskedEndpoint): Promise<unknown> {
    try {
      const object = await objectAt(this.#proof, upstream)
      for await (const unit of object.read(this.bytes.length, object.size - 1)) this.#received.push(unit)
      return null
    } catch (error) {
      return error
    }
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#received)
  }

  problem(data: Buffer, error: unknown): string | null {
    if (!data.subarray(0, this.bytes.length).equals(this.bytes)) return 'a wrong byte'
    return error === null && this.bytes.length < data.length ? 'an end before the end' : null
  }
}

function isHarmless({ what }: Lie, data: Buffer): boolean {
  return data.length <= 256 * KIB && TRUE_OF_ONE.includes(what)
}

function isEjected(error: unknown): boolean {
  return error instanceof ProofError && error.fault === 'corrupt'
}

function isAccident({ what }: Lie): boolean {
  return (NO_ANSWERS as readonly string[]).includes(what) && !MAY_BE_CORRUPT.includes(what)
}
