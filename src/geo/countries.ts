import { COUNTRIES } from './countries-data.ts'
import { distanceKm } from './distance.ts'
import type { Coordinates } from './place.ts'

export interface Country {
  /** AF AN AS EU NA OC SA. */
  readonly continent: string
  /** Its most central large airport: a stand-in for databases that know no more than the country. */
  readonly location: Coordinates | null
}

const BY_CODE = readCountries()

/** By ISO 3166-1 alpha-2 code, upper case; XK is Kosovo. */
export function country(code: string): Country | undefined {
  return BY_CODE.get(code)
}

/** Every known code with its country, in alphabetical order. */
export function allCountries(): Iterable<readonly [code: string, country: Country]> {
  return BY_CODE
}

/** The continent of the country whose stand-in is nearest: near a border between continents it may be the other one. */
export function continentAt(point: Coordinates): string {
  let nearest = { continent: 'EU', km: Number.POSITIVE_INFINITY }
  for (const { continent, location } of BY_CODE.values()) {
    const km = location === null ? Number.POSITIVE_INFINITY : distanceKm(point, location)
    if (km < nearest.km) nearest = { continent, km }
  }
  return nearest.continent
}

function readCountries(): ReadonlyMap<string, Country> {
  const countries = new Map<string, Country>()
  for (const row of COUNTRIES.trim().split(/,\s*/)) {
    const [code, continent, latitude, longitude] = row.split(' ')
    const location =
      latitude === undefined ? null : Object.freeze({ latitude: Number(latitude), longitude: Number(longitude) })
    countries.set(code!, Object.freeze({ continent: continent!, location }))
  }
  return countries
}
