import { hash } from 'node:crypto'
import { ProofError } from '../proof.ts'

/** Bytes of the largest chunk. */
export const MAX_CHUNK = 256 * 1024

/** A chunk's place in the data of its transaction, and the SHA-256 of its bytes. */
export interface ProvedLeaf {
  readonly start: number
  /** Excluded. */
  readonly end: number
  readonly dataHash: Buffer
}

const HASH = 32
const NOTE = 32
const LEAF = HASH + NOTE
const BRANCH = 2 * HASH + NOTE
const MAX_DEPTH = 48

/** Bytes of the longest path that is looked at. */
export const MAX_PATH = LEAF + MAX_DEPTH * BRANCH

const REBASED = Buffer.alloc(HASH)

/**
 * The leaf that has the byte `at` of data whose Merkle root is given, along a path from the root: `left hash, right hash,
 * note` for each branch, where the note is the offset that parts left from right, and `hash of the chunk, end` at last.
 *
 * Stricter than the network, so that one root gives each byte one place. Notes lie within the bounds of their node, the
 * leaf ends exactly where its bounds do, and no subtree is larger than what lies before it, as is so in every tree
 * of equal chunks. Where a subtree counts from its own beginning (a rebased one), only an unsigned mark in the path says
 * so: whoever left it out could sell the bytes of one place for those of another. Such trees are `unproved`.
 */
export function provedLeaf(root: Uint8Array, size: number, at: number, path: Buffer): ProvedLeaf {
  if (path.length > MAX_PATH || path.length < LEAF || (path.length - LEAF) % BRANCH > HASH) throw broken()
  let id = root
  let bounds = { start: 0, end: size }
  let rest = path
  for (; rest.length > LEAF; rest = rest.subarray(BRANCH)) {
    if (rest.subarray(0, HASH).equals(REBASED)) throw unusual('a subtree of its own offsets')
    if (rest.length < BRANCH + LEAF) throw broken()
    const [left, right, note] = [rest.subarray(0, HASH), rest.subarray(HASH, 2 * HASH), rest.subarray(2 * HASH, BRANCH)]
    if (!sha256(sha256(left), sha256(right), sha256(note)).equals(id)) throw broken()
    const parting = numberOf(note)
    if (parting <= bounds.start || parting > bounds.end) throw unusual('a note beyond its bounds')
    id = at < parting ? left : right
    bounds = at < parting ? { ...bounds, end: parting } : { ...bounds, start: parting }
    if (bounds.start > 0 && bounds.end - bounds.start > bounds.start)
      throw unusual('a subtree larger than all before it')
  }
  const [dataHash, note] = [rest.subarray(0, HASH), rest.subarray(HASH)]
  if (!sha256(sha256(dataHash), sha256(note)).equals(id)) throw broken()
  if (numberOf(note) !== bounds.end) throw unusual('a chunk that ends before its bounds')
  if (bounds.end - bounds.start > MAX_CHUNK) throw unusual('a chunk of more than 256 KiB')
  return { ...bounds, dataHash }
}

function sha256(...parts: readonly Uint8Array[]): Buffer {
  return hash('sha256', parts.length === 1 ? parts[0]! : Buffer.concat(parts), 'buffer')
}

/** Infinity where it is larger than any offset. */
function numberOf(note: Buffer): number {
  const low = note.readBigUInt64BE(NOTE - 8)
  const high = note.subarray(0, NOTE - 8).some((byte) => byte !== 0)
  return high || low > BigInt(Number.MAX_SAFE_INTEGER) ? Number.POSITIVE_INFINITY : Number(low)
}

function broken(): ProofError {
  return new ProofError('corrupt', 'the Merkle path does not lead from the root of the data')
}

/** What the owner of the transaction made so, and no endpoint can help. */
function unusual(what: string): ProofError {
  return new ProofError('unproved', `the Merkle tree of the data is unusual: ${what}`)
}
