import type { Coordinates } from '../../geo/place.ts'
import type { Endpoint, Geometry } from '../snapshot.ts'
import type { PolicyConfig } from './policy.ts'

/** Makes geometries, one for all routes whose endpoints stand at the same points and are measured in the same way. */
export class GeometryPool {
  readonly #gateway: Coordinates | null
  readonly #byKey = new Map<string, Geometry>()
  readonly #numbers = new Map<readonly Coordinates[], number>()

  constructor(gateway: Coordinates | null) {
    this.#gateway = gateway
  }

  add(policy: PolicyConfig, endpoints: readonly Endpoint[]): Geometry {
    const points = endpoints.map(({ locations, cdn }) => ({ locations, bias: cdn?.bias ?? 0 }))
    const anycastDistance = policy.tie_threshold
    const measuredFrom = this.#measuredFrom(policy)
    // An endpoint whose place is still to be looked up may not share: two of them differ later.
    const open = endpoints.filter(({ locationAuto }) => locationAuto).map(({ key }) => key)
    const places = points.map(({ locations, bias }) => [this.#numberOf(locations), bias])
    const key = JSON.stringify([places, anycastDistance, measuredFrom, open])
    const known = this.#byKey.get(key)
    if (known !== undefined) return known
    const geometry: Geometry = { points, anycastDistance, measuredFrom, orders: new WeakMap() }
    this.#byKey.set(key, geometry)
    return geometry
  }

  /** Equal locations are one list, of a LocationPool: a preset's hundreds need not be in every key. */
  #numberOf(locations: readonly Coordinates[]): number {
    const number = this.#numbers.get(locations) ?? this.#numbers.size
    this.#numbers.set(locations, number)
    return number
  }

  /** In proxy mode bytes run through the gateway; a redirected client fetches them itself. */
  #measuredFrom({ mode, measure_from: from }: PolicyConfig): Coordinates | null {
    if (mode !== 'proxy' || from === 'client') return null
    return this.#gateway
  }
}
