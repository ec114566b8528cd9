import type { ProblemList } from '../problem-list.ts'
import { child, items, type Located } from '../tree.ts'

/** Routes that match what no database of this configuration knows. */
export function checkPlaces(root: Located, problems: ProblemList): void {
  const geoip = child(root, 'geoip')
  const knowsCountries = (child(geoip, 'database')?.value ?? 'default') !== 'default'
  const knowsAsns = (child(geoip, 'asn_database')?.value ?? null) !== null
  for (const site of items(child(root, 'sites'))) {
    for (const route of items(child(site, 'routes'))) {
      const match = child(route, 'match')
      if (!knowsCountries) warn(child(match, 'countries'), COUNTRIES, problems)
      if (!knowsAsns) warn(child(match, 'asns'), ASNS, problems)
    }
  }
}

const COUNTRIES =
  'no request gets here: the bundled table knows no countries; geoip.database can be a city or country mmdb that does'
const ASNS = 'no request gets here: AS numbers are known from geoip.asn_database only, and there is none'

function warn(node: Located | undefined, message: string, problems: ProblemList): void {
  if (node !== undefined && items(node).length > 0) problems.warn(node, message)
}
