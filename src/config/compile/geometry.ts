import type { Coordinates } from '../../geo/place.ts'
import type { Endpoint, Geometry } from '../snapshot.ts'
import type { PolicyConfig } from './policy.ts'

/** Makes geometries, one for all routes whose endpoints stand at the same points and are measured in the same way. */
export class GeometryPool {
  readonly #gateway: Coordinates | null
  readonly #byKey = new Map<string, Geometry>()

  constructor(gateway: Coordinates | null) {
    this.#gateway = gateway
  }

  add(policy: PolicyConfig, endpoints: readonly Endpoint[]): Geometry {
    const points = endpoints.map(({ locations, cdn }) => ({ locations, bias: cdn?.bias ?? 0 }))
    const anycastDistance = policy.tie_threshold
    const measuredFrom = this.#measuredFrom(policy)
    // An endpoint whose place is still to be looked up may not share: two of them differ later.
    const open = endpoints.filter(({ locationAuto }) => locationAuto).map(({ key }) => key)
    const key = JSON.stringify([points, anycastDistance, measuredFrom, open])
    const known = this.#byKey.get(key)
    if (known !== undefined) return known
    const geometry: Geometry = { points, anycastDistance, measuredFrom, orders: new WeakMap() }
    this.#byKey.set(key, geometry)
    return geometry
  }

  /** In proxy mode bytes run through the gateway; a redirected client fetches them itself. */
  #measuredFrom({ mode, measure_from: from }: PolicyConfig): Coordinates | null {
    if (mode !== 'proxy' || from === 'client') return null
    return this.#gateway
  }
}
