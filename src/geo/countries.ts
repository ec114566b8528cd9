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

/** A continent, and a point on a sphere of radius 1: the larger the scalar product of two, the nearer they are. */
type Outpost = readonly [continent: string, x: number, y: number, z: number]

const OUTPOSTS: readonly Outpost[] = [...BY_CODE.values()].flatMap(({ continent, location }) =>
  location === null ? [] : [[continent, ...onSphere(location)] as const],
)

/** The continent of the country whose stand-in is nearest: near a border between continents it may be the other one. */
export function continentAt(point: Coordinates): string {
  const [x, y, z] = onSphere(point)
  let nearest = OUTPOSTS[0]![0]
  let most = Number.NEGATIVE_INFINITY
  for (const [continent, otherX, otherY, otherZ] of OUTPOSTS) {
    const product = x * otherX + y * otherY + z * otherZ
    if (product <= most) continue
    most = product
    nearest = continent
  }
  return nearest
}

function onSphere({ latitude, longitude }: Coordinates): readonly [x: number, y: number, z: number] {
  const [phi, lambda] = [(latitude * Math.PI) / 180, (longitude * Math.PI) / 180]
  return [Math.cos(phi) * Math.cos(lambda), Math.cos(phi) * Math.sin(lambda), Math.sin(phi)]
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
