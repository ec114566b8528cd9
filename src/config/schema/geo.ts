import * as z from 'zod'
import { keyed } from './keyed.ts'
import { filePath } from './names.ts'
import { location, networkKey } from './places.ts'
import { duration } from './quantities.ts'

export const geoip = keyed({
  database: filePath
    .prefault('default')
    .describe('`default`: the bundled table; or the path of a city or country mmdb.'),
  asn_database: filePath.nullable().prefault(null).describe('Path of an ASN mmdb, for routes that match AS numbers.'),
  reload_interval: duration({ min: '1s' })
    .prefault('5m')
    .describe('How often the files are looked at for a new version.'),
  overrides: z
    .record(networkKey, location)
    .prefault({})
    .describe('Networks whose location is known; the longest match wins, before the database.'),
  default_location: location
    .nullable()
    .prefault(null)
    .describe('The place of addresses that nothing knows; null: ranked by weight.'),
})
