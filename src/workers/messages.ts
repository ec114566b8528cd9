import type { AcmeState } from '../acme/state.ts'
import type { Invalidation } from '../cache/invalidation.ts'
import type { Purge } from '../cache/purges.ts'
import type { Problem } from '../config/problem.ts'
import type { ListenAddress } from '../config/snapshot.ts'
import type { ConfigSource } from '../config/source.ts'
import type { Growth } from '../costs/growth.ts'
import type { QuoteList } from '../costs/told-quotes.ts'
import type { ErrorCode } from '../errors.ts'
import type { Coordinates } from '../geo/place.ts'
import type { BoardState } from '../health/board-state.ts'
import type { HealthReport } from '../health/report.ts'
import type { ManifestShipment } from '../manifest/shipment.ts'
import type { FamilyPart } from '../observe/family.ts'

/** A configuration on its way to a worker, which compiles it again: equal sources, equal Snapshots. */
export interface Shipment {
  readonly source: ConfigSource
  /** Where the endpoints of `location: auto` were found, by key: found once, so that all workers agree. */
  readonly places: ReadonlyMap<string, Coordinates>
  /** `listen` with the ports that the system chose: all workers share them. */
  readonly listen: readonly ListenAddress[]
  /** Our name in CDN-Loop: one for all workers. */
  readonly loopId: string
}

/** Why a worker cannot use a configuration. */
export interface Refusal {
  readonly code: ErrorCode
  readonly message: string
  readonly problems: readonly Problem[]
}

/**
 * What the primary tells a worker. Questions have an `id` and get one answer. `start` comes once and is followed by
 * serving at once; later configurations are prepared by all workers before any of them commits.
 */
export type ToWorker =
  | {
      readonly type: 'start'
      readonly id: number
      readonly shipment: Shipment
      readonly board: BoardState
      readonly quotes: QuoteList
      readonly drained: readonly string[]
      readonly purges: readonly Purge[]
      readonly manifests: readonly ManifestShipment[]
      readonly acme: AcmeState
      /** What encrypts TLS session tickets, 48 bytes: each process resumes the sessions of the others. */
      readonly ticketKeys: Uint8Array
      readonly processes: number
    }
  | { readonly type: 'prepare'; readonly id: number; readonly shipment: Shipment }
  | { readonly type: 'commit'; readonly id: number }
  | { readonly type: 'discard'; readonly id: number }
  /** Is anybody there? */
  | { readonly type: 'ping'; readonly id: number }
  /** Answered as soon as clients would get it. */
  | { readonly type: 'acme'; readonly id: number; readonly change: Partial<AcmeState> }
  | { readonly type: 'board'; readonly state: BoardState }
  /** An active check waited so many milliseconds for an endpoint's head. */
  | { readonly type: 'probed'; readonly key: string; readonly ms: number }
  | { readonly type: 'quotes'; readonly quotes: QuoteList }
  /** Cdns that an operator drained, and no others are. */
  | { readonly type: 'drained'; readonly names: readonly string[] }
  /** What caches must not use any more. They only add up, so they may come twice, and before `start`. */
  | { readonly type: 'purges'; readonly purges: readonly Purge[] }
  /** A Site has another manifest. */
  | { readonly type: 'manifest'; readonly manifest: ManifestShipment }
  /** What is stored may have changed: another process saw an unsafe method. */
  | { readonly type: 'invalidated'; readonly invalidation: Invalidation }
  | { readonly type: 'drain' }

export type Question = Extract<ToWorker, { readonly id: number }>

/** What a worker tells the primary. */
export type FromWorker =
  | { readonly type: 'hello' }
  | {
      readonly type: 'answer'
      readonly id: number
      readonly refused: Refusal | null
      readonly addresses: readonly string[]
    }
  | { readonly type: 'reports'; readonly reports: readonly HealthReport[] }
  /** What was metered since the last time. */
  | { readonly type: 'growth'; readonly growth: readonly Growth[] }
  | { readonly type: 'metrics'; readonly parts: readonly FamilyPart[] }
  /** To be told the others. */
  | { readonly type: 'invalidated'; readonly invalidation: Invalidation }
  /** It will end, and accepts nothing any more. */
  | { readonly type: 'leaving' }
