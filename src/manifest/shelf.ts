import type { Manifest } from './manifest.ts'

interface Place {
  readonly current: Manifest
  readonly previous: Manifest | null
  /** Milliseconds since 1970. */
  readonly previousUntil: number
}

/**
 * The manifests that are in use, by site. One is immutable, so a response that took one keeps it, whatever is put here
 * meanwhile. Times are milliseconds since 1970.
 */
export class ManifestShelf {
  readonly #places = new Map<string, Place>()

  /** What is right now; null: nothing is known, or it expired. */
  current(site: string, now: number): Manifest | null {
    const current = this.#places.get(site)?.current
    return current === undefined || current.expires <= now ? null : current
  }

  /** What was right before, for as long as CDNs may still have it. */
  previous(site: string, now: number): Manifest | null {
    const place = this.#places.get(site)
    return place === undefined || now >= place.previousUntil ? null : place.previous
  }

  /** `previousUntil`: when the one before is no excuse any more. */
  put(current: Manifest, previous: Manifest | null, previousUntil: number): void {
    this.#places.set(current.site, { current, previous, previousUntil })
  }

  remove(site: string): void {
    this.#places.delete(site)
  }
}
