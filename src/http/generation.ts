import type { Snapshot } from '../config/snapshot.ts'
import type { Transport } from '../delivery/transport.ts'
import type { SiteFinder } from '../steering/match.ts'

/** What a reload replaces in one assignment. A request takes the current one and keeps it until it ends. */
export interface Generation {
  readonly snapshot: Snapshot
  readonly findSite: SiteFinder
  readonly transport: Transport
  /** Our name in CDN-Loop (RFC 8586). */
  readonly loopId: string
}
