import type { Certificate } from '../config/snapshot.ts'

/** What every process that serves has to know of certificates that are ordered. Plain data: it crosses processes. */
export interface AcmeState {
  readonly certificates: readonly Certificate[]
  /** Answers to challenges that are under way: token → key authorization (RFC 8555 section 8.3). */
  readonly challenges: ReadonlyMap<string, string>
}

export const NO_ACME: AcmeState = { certificates: [], challenges: new Map() }
