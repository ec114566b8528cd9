import type { Distance, Geometry } from '../config/snapshot.ts'
import { nearestKm } from '../geo/nearest-location.ts'
import type { Place } from '../geo/place.ts'

/**
 * The endpoints of a Route, nearest first; equal distances keep the order of the configuration. null when there is
 * no place to measure from. Computed once for a Geometry and a Place, then remembered with the Place.
 */
export function nearestOrder(geometry: Geometry, place: Place): readonly Distance[] | null {
  const from = geometry.measuredFrom ?? place.location
  if (from === null) return null
  const known = geometry.orders.get(place)
  if (known !== undefined) return known
  const order = geometry.points
    .map(({ locations, bias }, index) => ({
      index,
      km: applyBias(nearestKm(from, locations) ?? geometry.anycastDistance, bias),
    }))
    .sort((a, b) => a.km - b.km || a.index - b.index)
  geometry.orders.set(place, order)
  return order
}

/**
 * Stretches or shrinks a distance as Route 53's geoproximity routing does: a positive bias multiplies it by
 * 1 − bias/100, a negative one divides it by 1 + bias/100.
 */
export function applyBias(km: number, bias: number): number {
  return bias >= 0 ? km * (1 - bias / 100) : km / (1 + bias / 100)
}
