import { metro } from '../../geo/metros.ts'
import type { Coordinates } from '../../geo/place.ts'
import { type PresetName, presetMetros } from '../../geo/presets/index.ts'

type Preset = { readonly preset: PresetName }

/** As configured: a whole preset, or a list that may name some. */
export type LocationsConfig = Preset | readonly (Coordinates | Preset)[]

/** Makes lists of locations, one for all that are equal: their vectors are computed once, and keys may name them. */
export class LocationPool {
  readonly #byConfig = new Map<LocationsConfig, readonly Coordinates[]>()
  readonly #byPlaces = new Map<string, readonly Coordinates[]>()

  /** The places, in the order of the configuration and each of them once. */
  add(config: LocationsConfig): readonly Coordinates[] {
    const known = this.#byConfig.get(config)
    if (known !== undefined) return known
    const named = 'preset' in config ? [config] : config
    const all = named.flatMap((place) => ('preset' in place ? placesOf(place.preset) : [place]))
    const byPlace = new Map(all.map((place) => [`${place.latitude} ${place.longitude}`, place]))
    const key = [...byPlace.keys()].join()
    const locations = this.#byPlaces.get(key) ?? [...byPlace.values()]
    this.#byConfig.set(config, locations)
    this.#byPlaces.set(key, locations)
    return locations
  }
}

function placesOf(preset: PresetName): readonly Coordinates[] {
  // A test holds that each of them is in the table.
  return presetMetros(preset).map((code) => metro(code)!)
}
