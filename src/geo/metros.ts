import { METROS } from './metros-data.ts'
import type { Coordinates } from './place.ts'

const BY_CODE = readMetros()

/** Every known code, in alphabetical order. */
export const METRO_CODES: readonly string[] = Object.freeze([...BY_CODE.keys()])

/** Where the airport or the city of this IATA code is, to 0.1°; upper or lower case. undefined for an unknown code. */
export function metro(code: string): Coordinates | undefined {
  return BY_CODE.get(code) ?? (code.length === 3 ? BY_CODE.get(code.toUpperCase()) : undefined)
}

function readMetros(): ReadonlyMap<string, Coordinates> {
  const metros = new Map<string, Coordinates>()
  for (const row of METROS.trim().split(/,\s*/)) {
    const [latitude, longitude] = row.slice(3).split(' ').map(Number)
    metros.set(row.slice(0, 3), Object.freeze({ latitude: latitude!, longitude: longitude! }))
  }
  return metros
}
