import { LRUCache } from 'lru-cache'
import type { Address } from './address.ts'
import { continentAt } from './countries.ts'
import type { GeoDatabase } from './database.ts'
import { formatNetwork, networkOf } from './network.ts'
import type { NetworkSet } from './network-set.ts'
import type { Coordinates, Place } from './place.ts'

export interface GeoLookupOptions {
  readonly database: GeoDatabase
  /** Knows AS numbers; default none. */
  readonly asnDatabase?: GeoDatabase | null
  readonly overrides: NetworkSet<Coordinates>
  readonly defaultLocation: Coordinates | null
  /** How many networks are remembered. */
  readonly maxEntries?: number
}

const MAX_ENTRIES = 65_536

/** Clients are remembered by /24 or /48, which the sources seldom tell apart any further. */
const BLOCK_BITS = { 4: 24, 6: 48 } as const
const V6_KEYS = 2 ** 48

/** Stands for a block whose addresses do not all have the same place: how long the prefixes in it are that do. */
class Split {
  readonly prefixes: number[] = []
}

/**
 * Where clients are: overrides, then the database, then the default location. Answers are remembered by network, and
 * two addresses share one only if no source tells them apart. A new database or configuration takes a new GeoLookup.
 */
export class GeoLookup {
  readonly database: GeoDatabase
  readonly asnDatabase: GeoDatabase | null
  readonly #overrides: NetworkSet<Coordinates>
  readonly #defaultLocation: Coordinates | null
  readonly #cache: LRUCache<number | string, Place | Split>
  /** Look-ups that were answered from memory, and others. */
  hits = 0
  misses = 0

  constructor(options: GeoLookupOptions) {
    const { database, asnDatabase = null, overrides, defaultLocation, maxEntries = MAX_ENTRIES } = options
    this.database = database
    this.asnDatabase = asnDatabase
    this.#overrides = overrides
    this.#defaultLocation = defaultLocation
    this.#cache = new LRUCache({ max: maxEntries })
  }

  /** The same object for the same network, for as long as it is remembered. */
  place(address: Address): Place {
    const key = blockKey(address)
    const known = this.#cache.get(key)
    const place = known instanceof Split ? this.#findPart(known, address) : known
    if (place !== undefined) {
      this.hits++
      return place
    }
    this.misses++
    return this.#add(address, key, known instanceof Split ? known : new Split())
  }

  #findPart(split: Split, address: Address): Place | undefined {
    for (const prefix of split.prefixes) {
      const part = this.#cache.get(formatNetwork(networkOf(address, prefix)))
      if (part !== undefined) return part as Place
    }
    return undefined
  }

  #add(address: Address, key: number, parts: Split): Place {
    const { facts, prefix } = this.#ask(address)
    const block = BLOCK_BITS[address.family]
    const network = formatNetwork(networkOf(address, Math.max(prefix, block)))
    const place: Place = Object.freeze({ network, ...facts })
    if (prefix <= block) {
      this.#cache.set(key, place)
      return place
    }
    if (!parts.prefixes.includes(prefix)) parts.prefixes.push(prefix)
    this.#cache.set(key, parts)
    this.#cache.set(network, place)
    return place
  }

  /** The facts, and the longest prefix that all of the sources' say was needed for. */
  #ask(address: Address): { facts: Omit<Place, 'network'>; prefix: number } {
    const owner = this.asnDatabase?.place(address)
    const asn = owner?.asn ?? null
    const prefix = Math.max(this.#overrides.uniformPrefix(address), owner?.prefix ?? 0)
    const override = this.#overrides.match(address)
    if (override !== null) {
      const { value: location } = override
      const continent = continentAt(location)
      return { facts: { source: 'override', location, country: null, continent, asn }, prefix }
    }
    const answer = this.database.place(address)
    const { country } = answer
    const location = answer.location ?? this.#defaultLocation
    const continent = answer.continent ?? (location === null ? null : continentAt(location))
    const source = answer.location !== null ? 'database' : location !== null ? 'default' : 'none'
    return { facts: { source, location, country, continent, asn }, prefix: Math.max(prefix, answer.prefix) }
  }
}

/** The first 24 bits of IPv4, or the first 48 of IPv6 above all of those: numbers are the fastest keys. */
function blockKey({ family, bytes }: Address): number {
  const high = (bytes[0]! << 16) | (bytes[1]! << 8) | bytes[2]!
  if (family === 4) return high
  return V6_KEYS + high * 0x1000000 + ((bytes[3]! << 16) | (bytes[4]! << 8) | bytes[5]!)
}
