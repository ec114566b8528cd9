import type { Manifest } from './manifest.ts'

/** One that was replaced. */
interface Replaced {
  readonly manifest: Manifest
  /** Until then CDNs may still have it. Milliseconds since 1970. */
  readonly until: number
}

interface Place {
  readonly current: Manifest
  /** The last one first. */
  readonly replaced: readonly Replaced[]
}

/** Sites are published several times a day, and CDNs hold what they have for hours. */
const MAX_REPLACED = 8
/** Of all that were replaced but the last one: what is remembered of a large site is less. */
const MAX_PATHS = 200_000

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

  /** What was right before, the last one first, for as long as CDNs may still have it. */
  replaced(site: string, now: number): readonly Manifest[] {
    const replaced = this.#places.get(site)?.replaced ?? []
    return replaced.filter(({ until }) => now < until).map(({ manifest }) => manifest)
  }

  /** `previousUntil`: when the one before is no excuse any more. Those before that one are remembered here. */
  put(current: Manifest, previous: Manifest | null, previousUntil: number): void {
    const last = previous === null ? [] : [{ manifest: previous, until: previousUntil }]
    const before = this.#places.get(current.site)?.replaced ?? []
    const older = before.filter(({ manifest: { id } }) => id !== current.id && id !== previous?.id)
    this.#places.set(current.site, { current, replaced: [...last, ...few(older)] })
  }

  remove(site: string): void {
    this.#places.delete(site)
  }
}

function few(older: readonly Replaced[]): readonly Replaced[] {
  let paths = 0
  return older.slice(0, MAX_REPLACED - 1).filter(({ manifest }) => {
    paths += manifest.files.size
    return paths <= MAX_PATHS
  })
}
