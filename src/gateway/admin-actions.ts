import type { Problem } from '../config/problem.ts'
import type { Endpoint, Snapshot } from '../config/snapshot.ts'
import { PolycdnError } from '../errors.ts'
import type { Address } from '../geo/address.ts'
import type { Place } from '../geo/place.ts'
import type { Board } from '../health/board.ts'
import type { AdminActions } from '../http/admin.ts'
import { parseGiven } from '../http/given.ts'
import type { Log } from '../observe/log.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { Proofs } from '../proofs/proofs.ts'
import { explain } from '../steering/explain.ts'
import type { SiteFinder } from '../steering/match.ts'
import type { DrainKeeper } from './drain-keeper.ts'
import type { PurgeDesk } from './purge-desk.ts'
import { worldOf } from './serving.ts'
import type { SpendKeeper } from './spend-keeper.ts'

/** The configuration that requests get now. */
export interface InUse {
  readonly snapshot: Snapshot
  readonly findSite: SiteFinder
}

/** The parts of the controlling process that its admin tells of, and acts on. */
export interface AdminParts {
  readonly metrics: Metrics
  readonly log: Log
  readonly board: Board
  readonly spend: SpendKeeper
  readonly drains: DrainKeeper
  readonly purges: PurgeDesk
  readonly proofs: Proofs
  place(address: Address): Place
  inUse(): InUse
  ready(): boolean
  status(): object
  reload(): Promise<readonly Problem[]>
}

export function adminActions(parts: AdminParts): AdminActions {
  const { metrics, log, board, spend, purges, proofs, place, ready, reload } = parts
  const { drains } = parts.drains
  return {
    metrics,
    onDenied: () => log.throttle('admin-denied', 10_000)?.warn('admin-denied'),
    ready,
    status: () => ({
      ...parts.status(),
      drained: drains.names,
      endpoints: [...board.states()].map(({ endpoint, state }) => ({
        cdn: endpoint.cdnName,
        url: endpoint.url,
        state,
      })),
    }),
    explain: (question, texts) => {
      const { snapshot, findSite } = parts.inUse()
      const given = parseGiven(texts, snapshot)
      if (given instanceof PolycdnError) return given
      const world = worldOf(board, Math.random, spend, drains)
      return explain(question, { findSite, place, world, given, unfit: (asked) => proofs.unfit(asked) })
    },
    costs: () => ({ cdns: spend.statements() }),
    drain: (cdn, drained) => drain(parts, cdn, drained),
    purge: (body) => purges.purge(body),
    purges: () => ({ purges: purges.reports() }),
    reload,
  }
}

/** Says which policies have no Cdn left. One that a reload took away can be taken back, and not out. */
async function drain({ drains, inUse }: AdminParts, cdn: string, drained: boolean): Promise<object | null> {
  const { cdns, sites } = inUse().snapshot
  const isHere = cdns.some(({ name }) => name === cdn)
  if (!isHere && (drained || !drains.drains.has(cdn))) return null
  const kept = await drains.set(cdn, drained)
  const isOut = ({ cdn: own, cdnName }: Endpoint) => own?.drain === true || drains.drains.has(cdnName)
  const left = sites
    .flatMap(({ routes }) => routes)
    .filter(({ endpoints }) => endpoints.length > 0 && endpoints.every(isOut))
    .map(({ policy }) => policy.name)
  return { cdn, drained, kept, without_cdn: [...new Set(left)] }
}
