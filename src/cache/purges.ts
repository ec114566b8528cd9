import type { EntryHead } from './entry.ts'

/** What a purge names. Prefixes are of absolute URLs. Every purge is of one Site. */
export type PurgeTarget =
  | { readonly kind: 'key' | 'url' | 'prefix' | 'tag'; readonly value: string }
  | { readonly kind: 'site' }

/** What was purged and when: everything stored until then does not count any more, wherever it is stored. */
export interface Purge {
  readonly site: string
  readonly target: PurgeTarget
  /** Soft: what was stored is stale from then on, and may still be revalidated or served on errors. */
  readonly soft: boolean
  /** Milliseconds since the epoch. */
  readonly at: number
}

/** Whether an entry was purged after it was confirmed, and since when it is stale by a soft purge. */
export type Purged = 'no' | 'hard' | { readonly staleSince: number }

interface Stamps {
  hard: number
  soft: number
}

const NO_STAMPS: readonly Stamps[] = []

/** How many purges are known one by one; where there are more of one Site they become one of all of it. */
const MOST_STAMPS = 10_000
const MOST_PREFIXES = 200

/**
 * The purges of all Sites, each as a time before which what was stored does not count: nothing needs to be looked for,
 * here, in other processes or on disk. Whoever tells another process of a purge sends it the Purge.
 */
export class Purges {
  readonly #sites = new Map<string, SitePurges>()

  add(purge: Purge): void {
    let site = this.#sites.get(purge.site)
    if (site === undefined) {
      site = new SitePurges()
      this.#sites.set(purge.site, site)
    }
    site.add(purge)
  }

  addAll(purges: Iterable<Purge>): void {
    for (const purge of purges) this.add(purge)
  }

  check(head: EntryHead): Purged {
    return this.#sites.get(head.site)?.check(head) ?? 'no'
  }

  /** Everything that is known, to be kept or to be told another process: to be added there. */
  *all(): Generator<Purge> {
    for (const [site, purges] of this.#sites) for (const purge of purges.all()) yield { site, ...purge }
  }

  /**
   * Forgets what nothing stored can be older than.
   *
   * @param before milliseconds since the epoch: when the oldest entry was stored
   */
  forget(before: number): void {
    for (const [site, purges] of this.#sites) if (purges.forget(before) === 0) this.#sites.delete(site)
  }

  /** How many are known one by one. */
  get size(): number {
    let size = 0
    for (const purges of this.#sites.values()) size += purges.size
    return size
  }
}

class SitePurges {
  readonly #whole: Stamps = { hard: Number.NEGATIVE_INFINITY, soft: Number.NEGATIVE_INFINITY }
  readonly #exact = new Map<string, Stamps>()
  readonly #prefixes = new Map<string, Stamps>()

  get size(): number {
    return this.#exact.size + this.#prefixes.size
  }

  add({ target, soft, at }: Purge): void {
    if (target.kind === 'site') return stamp(this.#whole, soft, at)
    const [map, most] =
      target.kind === 'prefix' ? [this.#prefixes, MOST_PREFIXES] : ([this.#exact, MOST_STAMPS] as const)
    const name = target.kind === 'prefix' ? target.value : `${target.kind}:${target.value}`
    const stamps = map.get(name)
    if (stamps !== undefined) return stamp(stamps, soft, at)
    // Too much is purged rather than too little: a purge says that something wrong was stored.
    if (map.size >= most) this.#fold(map)
    const added = { hard: Number.NEGATIVE_INFINITY, soft: Number.NEGATIVE_INFINITY }
    stamp(added, soft, at)
    map.set(name, added)
  }

  check(head: EntryHead): Purged {
    if (head.confirmedAt <= this.#whole.hard) return 'hard'
    let { soft } = this.#whole
    for (const stamps of this.#concerning(head)) {
      if (head.confirmedAt <= stamps.hard) return 'hard'
      soft = Math.max(soft, stamps.soft)
    }
    return head.confirmedAt <= soft ? { staleSince: soft } : 'no'
  }

  /** Of less than the whole site. */
  #concerning({ key, url, tags }: EntryHead): readonly Stamps[] {
    if (this.#exact.size + this.#prefixes.size === 0) return NO_STAMPS
    const names = [`key:${key}`, `url:${url}`, ...tags.map((tag) => `tag:${tag}`)]
    const found = names.flatMap((name) => this.#exact.get(name) ?? [])
    for (const [prefix, stamps] of this.#prefixes) if (url.startsWith(prefix)) found.push(stamps)
    return found
  }

  forget(before: number): number {
    for (const map of [this.#exact, this.#prefixes]) {
      for (const [name, { hard, soft }] of map) if (Math.max(hard, soft) < before) map.delete(name)
    }
    return this.size + (Math.max(this.#whole.hard, this.#whole.soft) < before ? 0 : 1)
  }

  *all(): Generator<Omit<Purge, 'site'>> {
    yield* told({ kind: 'site' }, this.#whole)
    for (const [name, stamps] of this.#exact) {
      const colon = name.indexOf(':')
      const kind = name.slice(0, colon) as 'key' | 'url' | 'tag'
      yield* told({ kind, value: name.slice(colon + 1) }, stamps)
    }
    for (const [value, stamps] of this.#prefixes) yield* told({ kind: 'prefix', value }, stamps)
  }

  /** All of a kind become one of the whole Site, as late as the latest of them. */
  #fold(map: Map<string, Stamps>): void {
    for (const { hard, soft } of map.values()) {
      stamp(this.#whole, false, hard)
      stamp(this.#whole, true, soft)
    }
    map.clear()
  }
}

function stamp(stamps: Stamps, soft: boolean, at: number): void {
  if (soft) stamps.soft = Math.max(stamps.soft, at)
  else stamps.hard = Math.max(stamps.hard, at)
}

function* told(target: PurgeTarget, { hard, soft }: Stamps): Generator<Omit<Purge, 'site'>> {
  if (hard > Number.NEGATIVE_INFINITY) yield { target, soft: false, at: hard }
  if (soft > Number.NEGATIVE_INFINITY) yield { target, soft: true, at: soft }
}
