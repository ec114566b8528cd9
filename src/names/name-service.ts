import type { Names } from '../proofs/names.ts'
import { ProofError } from '../providers/proof.ts'

/** Looks names up that may change. */
export class NameService implements Names {
  async ipfs(): Promise<string> {
    throw new ProofError('unproved', 'names are not looked up yet')
  }

  async arns(): Promise<string> {
    throw new ProofError('unproved', 'names are not looked up yet')
  }
}
