import type { AcmeState } from '../acme/state.ts'
import type { Purge } from '../cache/purges.ts'
import type { Snapshot } from '../config/snapshot.ts'
import type { ConfigSource } from '../config/source.ts'
import type { QuoteList } from '../costs/told-quotes.ts'
import type { Coordinates } from '../geo/place.ts'
import type { ManifestShipment } from '../manifest/shipment.ts'

/** A configuration that is about to be used. */
export interface Edition {
  /** With the endpoints of `location: auto` where they were found. */
  readonly snapshot: Snapshot
  readonly source: ConfigSource
  readonly places: ReadonlyMap<string, Coordinates>
  /** Our name in CDN-Loop. */
  readonly loopId: string
}

/** A configuration for which everything is there. One of the two is called, once. */
export interface Prepared {
  /** Uses it for every new request. */
  commit(): void | Promise<void>
  /** Gives everything back: nothing has changed. */
  discard(): void | Promise<void>
}

/** The part that serves as the part that controls sees it: in the same process, or in several others. */
export interface Servers {
  /** Where clients connect, as bound. */
  readonly addresses: readonly string[]
  /** Processes that are to serve, and those of them that do now. */
  readonly size: number
  readonly serving: number
  /** Throws a PolycdnError, and then nothing has changed. The first one may serve before it is committed. */
  prepare(edition: Edition): Promise<Prepared>
  /** What the Board tells others has changed. `urgent`: at once. */
  tellHealth(urgent: boolean): void
  /** An active check measured the endpoint of this key. Milliseconds. */
  tellProbe(key: string, ms: number): void
  /** What the next GB of the Cdns costs has changed. */
  tellQuotes(quotes: QuoteList): void
  /** These Cdns are drained, and no others. Resolves when every process knows. */
  tellDrained(names: readonly string[]): Promise<void>
  /** What caches must not use any more. Resolves when every process knows. */
  tellPurges(purges: readonly Purge[]): Promise<void>
  /** A Site has another manifest. Resolves when every process has it. */
  tellManifest(shipment: ManifestShipment): Promise<void>
  /** What is known of ordered certificates has changed. Resolves when every process has it. */
  tellAcme(change: Partial<AcmeState>): Promise<void>
  /** Stops accepting, lets running requests end for at most 30 s, then ends what is left. */
  close(): Promise<void>
}
