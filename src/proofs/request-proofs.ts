import type { Endpoint } from '../config/snapshot.ts'
import type { Proof } from '../providers/proof.ts'
import type { Unfit } from '../steering/sift.ts'

/** A content address of a network, or the signed manifest of the site. */
export type ProofKind = 'ipfs' | 'arweave' | 'manifest'

/** What is known of the object that one request asks for, and what proves it. */
export interface RequestProofs {
  /** Who cannot serve it, besides those that the Route knows of. */
  readonly unfit: Unfit
  /** Header fields for the client, a flat list. */
  readonly fields: readonly string[]
  /** What proves the bytes of this endpoint; null: they are believed. */
  proof(endpoint: Endpoint): Proof | null
  /** What the last word on its bytes is. */
  kind(endpoint: Endpoint): ProofKind
  /** What the endpoint's network calls the object; null: it is asked by its path. */
  reference(endpoint: Endpoint): string | null
  /** From now on what was published before will do, which these endpoints have. False: nothing changes. */
  turnBack(outdated: readonly Endpoint[]): boolean
}

/** Of a request whose Route has nothing to prove. */
export const NOTHING_PROVED: RequestProofs = {
  unfit: () => null,
  fields: [],
  proof: () => null,
  kind: () => 'manifest',
  reference: () => null,
  turnBack: () => false,
}
