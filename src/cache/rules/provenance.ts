import type { Fields } from './fields.ts'
import { strongTag } from './validators.ts'

/** How bytes were proved, the weakest first: not at all, by a signed manifest, by their own address. */
export const PROOFS = ['none', 'manifest', 'content-address'] as const

export type StoredProof = (typeof PROOFS)[number]

/** What is known of where a stored answer comes from. `cdn`: the name; null: the Origin. */
export interface Provenance {
  readonly cdn: string | null
  readonly proof: StoredProof
  readonly fields: Fields
}

/** Whether what is stored is proved as a Policy requires: one Policy's trust is not another's. */
export function isProvedEnough(proof: StoredProof, required: StoredProof): boolean {
  return PROOFS.indexOf(proof) >= PROOFS.indexOf(required)
}

/**
 * Whether a Cdn may be asked if a stored answer still holds. Dates and weak tags are each Cdn's own: another one may
 * have the same for other bytes (RFC 9110 section 8.8.1).
 */
export function mayRevalidateAt(stored: Provenance, cdn: string | null): boolean {
  return stored.cdn === cdn || stored.proof !== 'none' || strongTag(stored.fields) !== null
}
