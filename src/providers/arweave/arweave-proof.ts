import { type AskedEndpoint, type Located, type Proof, ProofError, type ProvedObject, type Wanted } from '../proof.ts'
import { askJson } from './answer.ts'
import { ChunkSource } from './chunk-source.ts'
import { MANIFEST_TYPE, MAX_MANIFEST, type PathManifest, parsePathManifest, resolvePath } from './path-manifest.ts'
import { readChunks } from './read-chunks.ts'
import { MAX_HEADER, provedTransaction, type Transaction, tagValue } from './transaction.ts'

/** What is proved of a transaction, and stays true for ever. */
export interface Known {
  readonly transaction: Transaction
  /** Read from its data where that is one. */
  readonly manifest: PathManifest | null
}

/** What is kept from one request to the next, by transaction id. Bounded by whoever keeps it. */
export interface Memory {
  recall(id: string): Known | null
  /** A manifest is as large as `transaction.dataSize` says, and a few times that in memory. */
  remember(id: string, known: Known): void
}

export interface ArweaveContent {
  /** Of a path manifest, or of the object itself. */
  readonly id: string
  /** As it is in the URL, percent-encoded, below the id: `''`, `/` or `/assets/app.js`. Without a query. */
  readonly path: string
  /** The URL names the id: what is there never changes. */
  readonly immutable: boolean
}

const MEDIA_TYPE = /^[!-~]+\/[ -~]+$/

/** One object of Arweave: a transaction of its own, or what a path manifest has at a path. */
export class ArweaveProof implements Proof {
  readonly #content: ArweaveContent
  readonly #memory: Memory
  readonly #known = new Map<string, Known>()
  readonly #jsonOnly = new Set<string>()

  constructor(content: ArweaveContent, memory: Memory) {
    this.#content = content
    this.#memory = memory
  }

  async locate(upstream: AskedEndpoint, wanted: Wanted): Promise<Located> {
    const id = await this.#target(upstream)
    if (id === null) return { kind: 'absent', status: 404 }
    const source = new ChunkSource(upstream, id, this.#jsonOnly)
    if (wanted !== 'none') source.prepare()
    try {
      return this.#object(await this.#transaction(id, upstream), source)
    } catch (error) {
      source.interest.lost = true
      throw error
    }
  }

  /** The transaction that has the object; null: the manifest shows that there is none. */
  async #target(upstream: AskedEndpoint): Promise<string | null> {
    const { id, path } = this.#content
    const transaction = await this.#transaction(id, upstream)
    if (tagValue(transaction, 'content-type') !== MANIFEST_TYPE) return path === '' || path === '/' ? id : null
    return resolvePath(await this.#manifest(transaction, upstream), path)
  }

  async #transaction(id: string, upstream: AskedEndpoint): Promise<Transaction> {
    const known = this.#recall(id)
    if (known !== null) return known.transaction
    const transaction = provedTransaction(id, await askHeader(upstream, id))
    this.#remember({ transaction, manifest: null })
    return transaction
  }

  async #manifest(transaction: Transaction, upstream: AskedEndpoint): Promise<PathManifest> {
    const known = this.#recall(transaction.id)?.manifest
    if (known) return known
    const { id, dataSize } = transaction
    if (dataSize > MAX_MANIFEST) throw new ProofError('too-large', `a path manifest of more than ${MAX_MANIFEST} bytes`)
    const chunks: Uint8Array[] = []
    const source = new ChunkSource(upstream, id, this.#jsonOnly)
    for await (const chunk of readChunks(source, transaction, 0, dataSize - 1)) chunks.push(chunk)
    const manifest = parsePathManifest(Buffer.concat(chunks))
    this.#remember({ transaction, manifest })
    return manifest
  }

  #object(transaction: Transaction, source: ChunkSource): ProvedObject {
    // The bytes are proved as they were stored: without saying how they were encoded nobody could read them.
    const encoding = tagValue(transaction, 'content-encoding')
    if (encoding !== null && encoding !== 'identity') throw new ProofError('unproved', 'the data is stored encoded')
    const type = tagValue(transaction, 'content-type')
    return {
      kind: 'object',
      size: transaction.dataSize,
      type: type !== null && type.length <= 255 && MEDIA_TYPE.test(type) ? type : null,
      etag: `"${transaction.id}"`,
      immutable: this.#content.immutable,
      read: (first, last) => readChunks(source, transaction, first, last),
      discard: () => {
        source.interest.lost = true
      },
    }
  }

  #recall(id: string): Known | null {
    return this.#known.get(id) ?? this.#memory.recall(id)
  }

  /** At most two: the manifest and what it leads to. */
  #remember(known: Known): void {
    this.#known.set(known.transaction.id, known)
    this.#memory.remember(known.transaction.id, known)
  }
}

async function askHeader(upstream: AskedEndpoint, id: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await askJson(upstream, `/tx/${id}`, MAX_HEADER, { lost: false })
  } catch (error) {
    if (!(error instanceof ProofError) || error.fault !== 'not-found') throw error
    // Items of a bundle have no header of their own, and only an index that nobody signed says where they are.
    throw new ProofError('not-found', 'no transaction of its own: what lies in a bundle needs the site manifest')
  }
}
