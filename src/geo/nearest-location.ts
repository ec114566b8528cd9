import { distanceKm } from './distance.ts'
import type { Coordinates } from './place.ts'

/** Up to here measuring each of them is as quick as looking their vectors up. */
const FEW = 4
const RADIANS = Math.PI / 180

/** Unit vectors (x, y, z after each other) of lists of locations, which are frozen and live as long as a Snapshot. */
const VECTORS = new WeakMap<readonly Coordinates[], Float64Array>()

/**
 * Kilometres to the nearest of the locations; null when there are none. Of many locations, as a preset has, the nearest
 * is found by the largest scalar product, which costs three multiplications each, and only that one is measured. Two
 * that differ by less than a metre may be taken for each other.
 *
 * @param locations must never change
 */
export function nearestKm(from: Coordinates, locations: readonly Coordinates[]): number | null {
  if (locations.length > FEW) return distanceKm(from, locations[nearestIndex(from, locations)]!)
  let best: number | null = null
  for (const location of locations) {
    const km = distanceKm(from, location)
    if (best === null || km < best) best = km
  }
  return best
}

function nearestIndex(from: Coordinates, locations: readonly Coordinates[]): number {
  const [x, y, z] = unitVector(from)
  const vectors = vectorsOf(locations)
  let best = 0
  let largest = Number.NEGATIVE_INFINITY
  for (let index = 0; index < locations.length; index++) {
    const product = x * vectors[index * 3]! + y * vectors[index * 3 + 1]! + z * vectors[index * 3 + 2]!
    if (product <= largest) continue
    largest = product
    best = index
  }
  return best
}

function vectorsOf(locations: readonly Coordinates[]): Float64Array {
  const known = VECTORS.get(locations)
  if (known !== undefined) return known
  const vectors = Float64Array.from(locations.flatMap(unitVector))
  VECTORS.set(locations, vectors)
  return vectors
}

function unitVector({ latitude, longitude }: Coordinates): [x: number, y: number, z: number] {
  const cosLatitude = Math.cos(latitude * RADIANS)
  return [
    cosLatitude * Math.cos(longitude * RADIANS),
    cosLatitude * Math.sin(longitude * RADIANS),
    Math.sin(latitude * RADIANS),
  ]
}
