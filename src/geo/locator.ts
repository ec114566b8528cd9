import type { GeoSettings } from '../config/snapshot.ts'
import { PolycdnError, toPolycdnError } from '../errors.ts'
import type { Address } from './address.ts'
import type { GeoDatabase, GeoKind } from './database.ts'
import { GeoLookup } from './lookup.ts'
import type { Place } from './place.ts'
import { type GeoReload, GeoSource } from './source.ts'

/** The databases in use; without `asn` no AS number is known. */
interface Sources {
  readonly city: GeoSource
  readonly asn: GeoSource | null
}

/** A database that a configuration names cannot be used. */
export class GeoRejected extends PolycdnError {
  /** The key of `geoip` that names it. */
  readonly key: GeoKind

  constructor(key: GeoKind, cause: PolycdnError) {
    super(cause.code, cause.message, { cause })
    this.key = key
  }
}

/** The process's answer to "where is this client": survives reloads, and changes of the databases between them. */
export class Locator {
  readonly #onReload: (reload: GeoReload) => void
  #settings: GeoSettings | null = null
  #sources: Sources | null = null
  #lookup: GeoLookup | null = null
  /** Of look-ups that are gone. */
  #hits = 0
  #misses = 0

  constructor(onReload: (reload: GeoReload) => void) {
    this.#onReload = onReload
  }

  /** Opens what new settings need; the function that comes back puts them to use. Throws GeoRejected: nothing has changed. */
  async prepare(settings: GeoSettings): Promise<{ commit(): void; discard(): void; place(address: Address): Place }> {
    const sources = await this.#open(settings)
    const lookup = createLookup(sources, settings)
    return {
      place: (address) => lookup.place(address),
      discard: () => closeOthers(sources, this.#sources),
      commit: () => {
        if (this.#sources !== null) closeOthers(this.#sources, sources)
        this.#sources = sources
        this.#settings = settings
        // A file may have changed since, and the place of its new database is here.
        const { database, asnDatabase } = lookup
        const current = sources.city.database === database && (sources.asn?.database ?? null) === asnDatabase
        this.#replace(current ? lookup : createLookup(sources, settings))
      },
    }
  }

  place(address: Address): Place {
    return this.#lookup!.place(address)
  }

  get database(): GeoDatabase {
    return this.#lookup!.database
  }

  /** Look-ups answered from the cache, and others, since the process began. */
  get lookups(): { readonly hits: number; readonly misses: number } {
    return { hits: this.#hits + (this.#lookup?.hits ?? 0), misses: this.#misses + (this.#lookup?.misses ?? 0) }
  }

  close(): void {
    if (this.#sources !== null) closeOthers(this.#sources, null)
  }

  /** What is open already, and watched as often as is wanted now, is not opened again. */
  async #open(settings: GeoSettings): Promise<Sources> {
    const before = this.#settings
    const sameInterval = before?.reloadInterval === settings.reloadInterval
    const keepsCity = sameInterval && before.database === settings.database
    const keepsAsn = sameInterval && before.asnDatabase === settings.asnDatabase
    const city = keepsCity ? this.#sources!.city : await this.#openSource('database', settings.database, settings)
    if (settings.asnDatabase === null) return { city, asn: null }
    if (keepsAsn) return { city, asn: this.#sources!.asn }
    try {
      return { city, asn: await this.#openSource('asn_database', settings.asnDatabase, settings) }
    } catch (error) {
      if (!keepsCity) city.close()
      throw error
    }
  }

  async #openSource(kind: GeoKind, path: string | null, { reloadInterval }: GeoSettings): Promise<GeoSource> {
    try {
      return await GeoSource.open({ path, kind, reloadInterval, onReload: (reload) => this.#onChange(reload) })
    } catch (thrown) {
      throw new GeoRejected(kind, toPolycdnError(thrown))
    }
  }

  #onChange(reload: GeoReload): void {
    if (reload.ok && this.#sources !== null) this.#replace(createLookup(this.#sources, this.#settings!))
    this.#onReload(reload)
  }

  #replace(lookup: GeoLookup): void {
    this.#hits += this.#lookup?.hits ?? 0
    this.#misses += this.#lookup?.misses ?? 0
    this.#lookup = lookup
  }
}

function createLookup({ city, asn }: Sources, { overrides, defaultLocation }: GeoSettings): GeoLookup {
  return new GeoLookup({ database: city.database, asnDatabase: asn?.database ?? null, overrides, defaultLocation })
}

/** Closes what `kept` does not have. */
function closeOthers({ city, asn }: Sources, kept: Sources | null): void {
  if (city !== kept?.city) city.close()
  if (asn !== kept?.asn) asn?.close()
}
