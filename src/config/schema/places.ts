import * as z from 'zod'
import { METRO_CODES, metro } from '../../geo/metros.ts'
import { type Network, parseNetwork } from '../../geo/network.ts'
import type { Coordinates } from '../../geo/place.ts'
import { type Refusal, refuse } from '../values/refusal.ts'
import { keyed } from './keyed.ts'
import { text } from './text.ts'

const metroCode = text<Coordinates>('a metro code such as FRA', parseMetro)

const coordinates = keyed({
  latitude: z.number().min(-90).max(90),
  longitude: z.number().min(-180).max(180),
})

const EXPECTED = 'a metro code such as FRA, or { latitude: …, longitude: … }'

export const location = z.union([metroCode, coordinates], { error: () => EXPECTED })

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
