import type { Coordinates } from './place.ts'

/** The mean radius of the Earth (IUGG), in kilometres. A sphere is within 0.6 % of the true shape. */
export const EARTH_RADIUS_KM = 6371.0088

const RADIANS = Math.PI / 180

/** Kilometres along the great circle, by the haversine formula. Exact to centimetres for near points too. */
export function distanceKm(a: Coordinates, b: Coordinates): number {
  const sinLatitude = Math.sin(((b.latitude - a.latitude) * RADIANS) / 2)
  const sinLongitude = Math.sin(((b.longitude - a.longitude) * RADIANS) / 2)
  const h =
    sinLatitude * sinLatitude +
    Math.cos(a.latitude * RADIANS) * Math.cos(b.latitude * RADIANS) * sinLongitude * sinLongitude
  // Rounding can lift h above 1 for antipodes, where asin would be NaN.
  return 2 * EARTH_RADIUS_KM * Math.asin(Math.min(1, Math.sqrt(h)))
}
