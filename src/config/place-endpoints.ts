import type { Coordinates } from '../geo/place.ts'
import { deepFreeze } from './compile/freeze.ts'
import type { Endpoint, Geometry, Route, Snapshot } from './snapshot.ts'

/**
 * The same Snapshot with the endpoints of `location: auto` standing where they were found; one that was not found
 * stays without a location, and so counts as anycast. Pure.
 *
 * @param places by the endpoint's key
 */
export function placeEndpoints(snapshot: Snapshot, places: ReadonlyMap<string, Coordinates>): Snapshot {
  if (places.size === 0) return snapshot
  const endpoints = new Map(snapshot.endpoints.map((endpoint) => [endpoint, placed(endpoint, places)]))
  const all = (list: readonly Endpoint[]) => list.map((endpoint) => endpoints.get(endpoint)!)
  const geometries = new Map<Geometry, Geometry>()
  const route = (old: Route): Route => {
    if (!old.endpoints.some(({ key }) => places.has(key))) return old
    const moved = all(old.endpoints)
    const geometry = geometries.get(old.geometry) ?? moveGeometry(old.geometry, moved)
    geometries.set(old.geometry, geometry)
    return { ...old, endpoints: moved, geometry }
  }
  const sites = snapshot.sites.map((site) => ({
    ...site,
    unsafeEndpoints: all(site.unsafeEndpoints),
    routes: site.routes.map(route),
  }))
  return deepFreeze({ ...snapshot, sites, endpoints: [...endpoints.values()] })
}

function placed(endpoint: Endpoint, places: ReadonlyMap<string, Coordinates>): Endpoint {
  const place = places.get(endpoint.key)
  return place === undefined ? endpoint : { ...endpoint, locations: [place] }
}

function moveGeometry(geometry: Geometry, endpoints: readonly Endpoint[]): Geometry {
  const points = geometry.points.map(({ bias }, index) => ({ locations: endpoints[index]!.locations, bias }))
  return { ...geometry, points, orders: new WeakMap() }
}
