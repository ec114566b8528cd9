import { COUNTRIES } from './countries-data.ts'
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
