import * as z from 'zod'
import { PRESET_NAMES } from '../../geo/presets/index.ts'
import { keyed } from './keyed.ts'
import { coordinates, metroCode } from './places.ts'

const preset = keyed({ preset: z.enum(PRESET_NAMES).describe('Every metro where this CDN has PoPs.') })

/** In one union, so that a map is taken for the kind that it has the fewest problems as. */
const place = z.union([metroCode, coordinates, preset], {
  error: () => 'a metro code such as FRA, { latitude: …, longitude: … }, or { preset: … }',
})

/** Where something stands that stands in several places; `compile` knows where a preset's are. */
export const locations = z.union([z.array(place), preset], { error: () => 'a list of locations, or { preset: … }' })
