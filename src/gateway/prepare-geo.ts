import type { Locate } from '../config/parsed.ts'
import type { Snapshot } from '../config/snapshot.ts'
import { toPolycdnError } from '../errors.ts'
import type { Locator } from '../geo/locator.ts'
import { ConfigRejected } from './config-rejected.ts'

/** Opens the geo database that a configuration names. Throws ConfigRejected, with the place that names it. */
export async function prepareGeo(
  locator: Locator,
  { geoip }: Snapshot,
  locate: Locate,
): Promise<Awaited<ReturnType<Locator['prepare']>>> {
  try {
    return await locator.prepare(geoip)
  } catch (thrown) {
    const { message } = toPolycdnError(thrown)
    const path = 'geoip.database'
    throw new ConfigRejected([{ ...locate(path), path, message, severity: 'error' }])
  }
}
