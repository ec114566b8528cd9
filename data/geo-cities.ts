import type { Coordinates } from '../src/geo/place.ts'
import { addressText, type GeoSourceFile, walkSource } from './geo-source.ts'

/** The places that a source names, rounded to 0.01°, and which of them each of its records stands for. */
export interface Cities {
  readonly points: Coordinates[]
  /** How much of the sources' address space is at each point: 1 in total for each source. */
  readonly weights: number[]
  /** For each source: record of its tree → index into points. */
  readonly byRecord: ReadonlyMap<number, number>[]
}

/** IPv4 counts by addresses; IPv6 by networks, as almost all of its addresses are empty. */
export function collectCities(sources: readonly GeoSourceFile[]): Cities {
  const points: Coordinates[] = []
  const weights: number[] = []
  const known = new Map<string, number>()
  const indexOf = (point: Coordinates) => {
    const rounded = { latitude: round(point.latitude), longitude: round(point.longitude) }
    const key = `${rounded.latitude},${rounded.longitude}`
    const index = known.get(key) ?? points.push(rounded) - 1
    known.set(key, index)
    return index
  }
  const byRecord = sources.map((source) => {
    const cityOf = new Map<number, number>()
    const sums = new Map<number, number>()
    let total = 0
    walkSource(source, (record, depth, bits) => {
      let city = cityOf.get(record)
      if (city === undefined) {
        const point = source.get(addressText(bits, source.ipVersion))
        if (point === null) return
        city = indexOf(point)
        cityOf.set(record, city)
      }
      const weight = networkWeight(source.ipVersion, depth)
      sums.set(city, (sums.get(city) ?? 0) + weight)
      total += weight
    })
    for (const [city, sum] of sums) weights[city] = (weights[city] ?? 0) + sum / total
    return cityOf
  })
  return { points, weights, byRecord }
}

export function networkWeight(ipVersion: 4 | 6, depth: number): number {
  return ipVersion === 4 ? 2 ** -depth : 1 / 8_388_608
}

const round = (degrees: number) => Math.round(degrees * 100) / 100
