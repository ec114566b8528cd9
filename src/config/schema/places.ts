import * as z from 'zod'
import { allCountries, country } from '../../geo/countries.ts'
import { METRO_CODES, metro } from '../../geo/metros.ts'
import { type Network, parseNetwork } from '../../geo/network.ts'
import type { Coordinates } from '../../geo/place.ts'
import { type Refusal, refuse } from '../values/refusal.ts'
import { keyed } from './keyed.ts'
import { text } from './text.ts'

const COUNTRY_CODES = [...allCountries()].map(([code]) => code)

export const metroCode = text<Coordinates>('a metro code such as FRA', parseMetro)

export const coordinates = keyed({
  latitude: z.number().min(-90).max(90),
  longitude: z.number().min(-180).max(180),
})

const EXPECTED = 'a metro code such as FRA, or { latitude: …, longitude: … }'

export const location = z.union([metroCode, coordinates], { error: () => EXPECTED })

/** An upper-case code: what a database says is compared with it as it is. */
export const countryCode = text<string>('a country code such as DE (ISO 3166-1 alpha-2)', (input) => {
  if (typeof input !== 'string') return undefined
  if (country(input) !== undefined) return input
  const meant = ALIASES.get(input.toUpperCase())
  return meant === undefined
    ? refuse('unknown country code', COUNTRY_CODES)
    : refuse(`unknown country code; this country is ${meant}`)
})

/** What is written elsewhere for a country whose code is another. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['UK', 'GB'],
  ['EL', 'GR'],
])

export const network = text<Network>('an IP network such as 10.0.0.0/8 or 2001:db8::/32', (input) => {
  if (typeof input !== 'string') return undefined
  const parsed = parseNetwork(input)
  return 'network' in parsed ? parsed.network : { refused: parsed.problem, whole: true }
})

/** A network as a key: keys stay text, `compile` parses them again. */
export const networkKey = z.string().superRefine((input, context) => {
  const parsed = parseNetwork(input)
  if ('problem' in parsed) context.addIssue({ code: 'custom', message: parsed.problem })
})

function parseMetro(input: unknown): Coordinates | Refusal | undefined {
  if (typeof input !== 'string') return undefined
  return metro(input) ?? refuse('unknown metro code', METRO_CODES)
}
