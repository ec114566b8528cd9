import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import arweave from 'arweave'

const key = JSON.parse(readFileSync(join(import.meta.dirname, '../fixtures/arweave/key.json'), 'utf8'))
// Never asked for anything: what needs no network of it is used.
const offline = arweave.init({ host: '127.0.0.1', port: 1, protocol: 'http' })

/** A chunk of a {@link StoredTransaction}: its place, and the path from the root. */
export interface StoredChunk {
  readonly start: number
  readonly end: number
  readonly path: Buffer
}

/** A real transaction, signed and chunked as the network's own library does it. */
export interface StoredTransaction {
  readonly id: string
  /** What GET /tx/ID answers. */
  readonly header: Readonly<Record<string, unknown>>
  readonly root: Buffer
  readonly data: Buffer
  readonly chunks: readonly StoredChunk[]
}

/** @param tags `Content-Type`, for example */
export async function arweaveTransaction(
  data: Uint8Array,
  tags: Readonly<Record<string, string>> = {},
): Promise<StoredTransaction> {
  // The library makes no transaction without data and without a target.
  const transaction = await offline.createTransaction({ data, last_tx: '', reward: '1' }, key)
  for (const [name, value] of Object.entries(tags)) transaction.addTag(name, value)
  await offline.transactions.sign(transaction, key)
  const { chunks, proofs } = transaction.chunks!
  return {
    id: transaction.id,
    header: { ...transaction.toJSON(), data: '', data_tree: [] },
    root: Buffer.from(transaction.data_root, 'base64url'),
    data: Buffer.from(data),
    chunks: chunks.map(({ minByteRange, maxByteRange }, index) => ({
      start: minByteRange,
      end: maxByteRange,
      path: Buffer.from(proofs[index]!.proof),
    })),
  }
}

/** A transaction whose data is a path manifest of version 0.2.0. */
export function arweaveManifest(
  paths: Readonly<Record<string, string>>,
  more: Readonly<Record<string, unknown>> = {},
): Promise<StoredTransaction> {
  const entries = Object.entries(paths).map(([path, id]) => [path, { id }])
  const manifest = { manifest: 'arweave/paths', version: '0.2.0', paths: Object.fromEntries(entries), ...more }
  return arweaveTransaction(Buffer.from(JSON.stringify(manifest)), {
    'Content-Type': 'application/x.arweave-manifest+json',
  })
}
