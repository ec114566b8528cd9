import { loadConfig } from '../config/load.ts'
import type { Locate } from '../config/parsed.ts'
import { placeEndpoints } from '../config/place-endpoints.ts'
import type { Snapshot } from '../config/snapshot.ts'
import { ConfigRejected } from '../gateway/config-rejected.ts'
import { prepareGeo } from '../gateway/prepare-geo.ts'
import type { Address } from '../geo/address.ts'
import { findEndpoints } from '../geo/find-endpoints.ts'
import { Locator } from '../geo/locator.ts'
import type { Place } from '../geo/place.ts'
import type { Shell } from './shell.ts'

/** A configuration that is decided with, though no gateway runs. */
export interface Offline {
  readonly snapshot: Snapshot
  readonly locate: Locate
  place(address: Address): Place
  close(): void
}

/**
 * Reads a configuration and its geo database. `findAuto`: looks up where endpoints of `location: auto` are; without it
 * they count as anycast. Throws ConfigRejected.
 */
export async function openOffline(file: string, shell: Shell, findAuto: boolean): Promise<Offline> {
  const loaded = await loadConfig(file, shell.env)
  if ('problems' in loaded) throw new ConfigRejected(loaded.problems)
  const { snapshot, locate } = loaded
  const geo = await prepareGeo(new Locator(() => {}), snapshot, locate)
  const places = findAuto ? await findEndpoints(snapshot.endpoints, geo.place) : new Map()
  return { snapshot: placeEndpoints(snapshot, places), locate, place: geo.place, close: () => geo.discard() }
}
