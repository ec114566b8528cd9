import { ArweaveProof, type Known, type Memory } from '../../../src/providers/arweave/arweave-proof.ts'
import { type AskedEndpoint, ProofError, type ProvedObject } from '../../../src/providers/proof.ts'
import { seededRandom } from '../../helpers/random.ts'

export const KIB = 1024

/** Bytes that are the same in every run, and differ from one seed to the next. */
export function bytesOf(size: number, seed = size): Buffer {
  const random = seededRandom(seed)
  const words = new Uint32Array(Math.ceil(size / 4)).map(() => random() * 2 ** 32)
  return Buffer.from(words.buffer).subarray(0, size)
}

export class MapMemory implements Memory {
  readonly known = new Map<string, Known>()

  recall(id: string): Known | null {
    return this.known.get(id) ?? null
  }

  remember(id: string, known: Known): void {
    this.known.set(id, known)
  }
}

export function proofOf(id: string, path = '', memory: Memory = new MapMemory()): ArweaveProof {
  return new ArweaveProof({ id, path, immutable: true }, memory)
}

export async function objectAt(proof: ArweaveProof, upstream: AskedEndpoint): Promise<ProvedObject> {
  const located = await proof.locate(upstream, { first: 0, last: null })
  if (located.kind !== 'object') throw new Error(`${located.kind} instead of an object`)
  return located
}

export async function allOf(units: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const unit of units) chunks.push(unit)
  return Buffer.concat(chunks)
}

/** The fault of what a ProofError is thrown for; anything else is thrown on. */
export async function faultOf(running: Promise<unknown> | (() => unknown)): Promise<string> {
  try {
    await (typeof running === 'function' ? running() : running)
    return 'none'
  } catch (error) {
    if (error instanceof ProofError) return error.fault
    throw error
  }
}
