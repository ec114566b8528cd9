import { country } from './countries.ts'
import type { Coordinates } from './place.ts'

/** What a database says of a network. */
export interface GeoFacts {
  readonly location: Coordinates | null
  /** ISO 3166-1 alpha-2. */
  readonly country: string | null
  /** AF AN AS EU NA OC SA. */
  readonly continent: string | null
  readonly asn: number | null
}

export const NO_FACTS: GeoFacts = Object.freeze({ location: null, country: null, continent: null, asn: null })

const CONTINENTS = new Set(['AF', 'AN', 'AS', 'EU', 'NA', 'OC', 'SA'])

/**
 * Reads a record of any shape, trusting none of it. Nested as MaxMind and DB-IP have it (`location.latitude`,
 * `country.iso_code`, `continent.code`) or flat (`latitude`, `country_code`, `continent_code`). A record without usable
 * coordinates stands where its country does. AS numbers are `autonomous_system_number`, or `asn` with or without `AS`.
 */
export function readRecord(record: unknown): GeoFacts {
  if (!isRecord(record)) return NO_FACTS
  const code = countryCode(record)
  const known = code === null ? undefined : country(code)
  const location = coordinates(record.location) ?? coordinates(record) ?? known?.location ?? null
  const continent = continentCode(record) ?? known?.continent ?? null
  const asn = asNumber(record.autonomous_system_number) ?? asNumber(record.asn)
  const nothing = location === null && code === null && continent === null && asn === null
  return nothing ? NO_FACTS : { location, country: code, continent, asn }
}

/** RFC 6793: 32 bits; 0 is nobody's (RFC 7607). */
const LARGEST_ASN = 2 ** 32 - 1

function asNumber(value: unknown): number | null {
  const number = typeof value === 'string' && /^(AS)?\d{1,10}$/.test(value) ? Number(value.replace('AS', '')) : value
  if (typeof number !== 'number' || !Number.isInteger(number)) return null
  return number > 0 && number <= LARGEST_ASN ? number : null
}

function coordinates(value: unknown): Coordinates | null {
  if (!isRecord(value)) return null
  const latitude = degrees(value.latitude, 90)
  const longitude = degrees(value.longitude, 180)
  return latitude === null || longitude === null ? null : { latitude, longitude }
}

/** Some flat databases hold numbers as text. */
function degrees(value: unknown, limit: number): number | null {
  const number = typeof value === 'string' && /^-?\d{1,3}(\.\d{1,20})?$/.test(value) ? Number(value) : value
  return typeof number === 'number' && Math.abs(number) <= limit ? number : null
}

function countryCode(record: Record<string, unknown>): string | null {
  const nested = isRecord(record.country) ? record.country.iso_code : record.country
  return [nested, record.country_code].map((value) => twoLetters(value)).find((code) => code !== null) ?? null
}

function continentCode(record: Record<string, unknown>): string | null {
  const nested = isRecord(record.continent) ? record.continent.code : record.continent
  const codes = [nested, record.continent_code].map((value) => twoLetters(value))
  return codes.find((code) => code !== null && CONTINENTS.has(code)) ?? null
}

function twoLetters(value: unknown): string | null {
  return typeof value === 'string' && /^[A-Z]{2}$/.test(value) ? value : null
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
