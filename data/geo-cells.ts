import type { Coordinates } from '../src/geo/place.ts'
import type { Cities } from './geo-cities.ts'

const EARTH_RADIUS = 6371.0088

/** The world in cells, each of which stands at its most-addressed city. */
export interface Cells {
  readonly points: Coordinates[]
  /** City index → cell index. */
  readonly ofCity: Uint16Array
}

/**
 * Cities in the order of their weight: one that is further than `radius` kilometres from every cell begins its own.
 * Then each city belongs to the nearest cell.
 */
export function makeCells(cities: Cities, radius: number): Cells {
  const vectors = cities.points.map(unitVector)
  const order = cities.points.map((_, index) => index).sort((a, b) => cities.weights[b]! - cities.weights[a]! || a - b)
  const centres: number[] = []
  const nearness = Math.cos(radius / EARTH_RADIUS)
  for (const city of order) {
    if (centres.every((centre) => dot(vectors[centre]!, vectors[city]!) < nearness)) centres.push(city)
  }
  const ofCity = new Uint16Array(vectors.length)
  for (const [city, vector] of vectors.entries()) {
    let best = -2
    for (const [cell, centre] of centres.entries()) {
      const closeness = dot(vectors[centre]!, vector)
      if (closeness > best) {
        best = closeness
        ofCity[city] = cell
      }
    }
  }
  return { points: centres.map((city) => cities.points[city]!), ofCity }
}

/** How wrong it is to take one cell for another: 0 for itself, towards 1 for the other side of the Earth. */
export function wrongness(points: readonly Coordinates[], scale: number): Float32Array {
  const vectors = points.map(unitVector)
  const table = new Float32Array(points.length ** 2)
  for (let a = 0; a < points.length; a++) {
    for (let b = 0; b < points.length; b++) {
      const km = EARTH_RADIUS * Math.acos(Math.min(1, Math.max(-1, dot(vectors[a]!, vectors[b]!))))
      table[a * points.length + b] = a === b ? 0 : 1 - Math.exp(-km / scale)
    }
  }
  return table
}

type Vector = readonly [number, number, number]

function unitVector({ latitude, longitude }: Coordinates): Vector {
  const [phi, lambda] = [(latitude * Math.PI) / 180, (longitude * Math.PI) / 180]
  return [Math.cos(phi) * Math.cos(lambda), Math.cos(phi) * Math.sin(lambda), Math.sin(phi)]
}

const dot = (a: Vector, b: Vector) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
