/** A point on the Earth, in degrees. Latitude −90…90, longitude −180…180. */
export interface Coordinates {
  readonly latitude: number
  readonly longitude: number
}

/** Which source placed a client: a configured override, the mmdb, `default_location`, or nothing at all. */
export type PlaceSource = 'override' | 'database' | 'default' | 'none'

/**
 * Where a network of clients is. One Place is shared by all requests of that network, as long as the look-up cache
 * keeps it and no reload or new database replaces it, so what is derived from the location alone may be memoised
 * by it (WeakMap<Place, …>).
 */
export interface Place {
  /** The network in CIDR form that shares this answer, e.g. `81.2.69.0/24`. */
  readonly network: string
  readonly source: PlaceSource
  /** null when nothing knows the address. */
  readonly location: Coordinates | null
  /** ISO 3166-1 alpha-2, where the database tells. */
  readonly country: string | null
  /** AF AN AS EU NA OC SA, as the database tells, else the country, else the nearest country; null where none of them is known. */
  readonly continent: string | null
  /** The AS number of its network, where `geoip.asn_database` tells. */
  readonly asn: number | null
}
