import type { GeoSettings } from '../config/snapshot.ts'
import type { Address } from './address.ts'
import type { GeoDatabase } from './database.ts'
import { GeoLookup } from './lookup.ts'
import type { Place } from './place.ts'
import { type GeoReload, GeoSource } from './source.ts'

/** The process's answer to "where is this client": survives reloads, and changes of the database between them. */
export class Locator {
  readonly #onReload: (reload: GeoReload) => void
  #settings: GeoSettings | null = null
  #source: GeoSource | null = null
  #lookup: GeoLookup | null = null
  /** Of look-ups that are gone. */
  #hits = 0
  #misses = 0

  constructor(onReload: (reload: GeoReload) => void) {
    this.#onReload = onReload
  }

  /**
   * Opens what new settings need; the function that comes back puts them to use. Throws geo_unreadable, and then
   * nothing has changed.
   */
  async prepare(settings: GeoSettings): Promise<{ commit(): void; discard(): void; place(address: Address): Place }> {
    const { database: path, reloadInterval } = settings
    const same = this.#settings?.database === path && this.#settings.reloadInterval === reloadInterval
    const kept = same ? this.#source : null
    const source =
      kept ?? (await GeoSource.open({ path, reloadInterval, onReload: (reload) => this.#onChange(reload) }))
    const lookup = this.#createLookup(source.database, settings)
    return {
      place: (address) => lookup.place(address),
      discard: () => {
        if (source !== this.#source) source.close()
      },
      commit: () => {
        if (source !== this.#source) this.#source?.close()
        this.#source = source
        this.#settings = settings
        // The file may have changed since, and the place of its new database is here.
        const current = source.database === lookup.database
        this.#replace(current ? lookup : this.#createLookup(source.database, settings))
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
    this.#source?.close()
  }

  #onChange(reload: GeoReload): void {
    if (reload.ok && this.#source !== null) this.#replace(this.#createLookup(this.#source.database, this.#settings!))
    this.#onReload(reload)
  }

  #createLookup(database: GeoDatabase, { overrides, defaultLocation }: GeoSettings): GeoLookup {
    return new GeoLookup({ database, overrides, defaultLocation })
  }

  #replace(lookup: GeoLookup): void {
    this.#hits += this.#lookup?.hits ?? 0
    this.#misses += this.#lookup?.misses ?? 0
    this.#lookup = lookup
  }
}
