import type { Locate } from '../config/parsed.ts'
import type { Snapshot } from '../config/snapshot.ts'
import { toPolycdnError } from '../errors.ts'
import { GeoRejected, type Locator } from '../geo/locator.ts'
import { ConfigRejected } from './config-rejected.ts'

/** Opens the geo databases that a configuration names. Throws ConfigRejected, with the place that names the bad one. */
export async function prepareGeo(
  locator: Locator,
  { geoip }: Pick<Snapshot, 'geoip'>,
  locate: Locate,
): Promise<Awaited<ReturnType<Locator['prepare']>>> {
  try {
    return await locator.prepare(geoip)
  } catch (thrown) {
    const { message } = toPolycdnError(thrown)
    const path = `geoip.${thrown instanceof GeoRejected ? thrown.key : 'database'}`
    throw new ConfigRejected([{ ...locate(path), path, message, severity: 'error' }])
  }
}
