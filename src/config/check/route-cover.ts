import { maskBytes } from '../../geo/address.ts'
import { type Network, parseNetwork } from '../../geo/network.ts'
import { child, entries, items, type Located, text } from '../tree.ts'
import {
  type HeaderGlob,
  headerGlobCovers,
  type PathGlob,
  pathGlobCovers,
  readHeaderGlob,
  readPathGlob,
} from '../values/glob-cover.ts'

type Match = Located | undefined
type Cover = (outer: Located, inner: Match) => boolean

/** Steps of comparing, each less than a microsecond: enough for a thousand routes of one site. */
const MOST_WORK = 5_000_000

/** Compares matches of routes, with patterns read once, until that has taken too long. */
export class RouteCover {
  #work = MOST_WORK
  readonly #paths = new Map<string, PathGlob>()
  readonly #headers = new Map<string, HeaderGlob>()
  readonly #networks = new WeakMap<Located, readonly Network[] | null>()

  /** From then on every answer is no. */
  get isSpent(): boolean {
    return this.#work <= 0
  }

  /** Whether each condition of `outer` holds wherever all of those of `inner` do. */
  covers(outer: Match, inner: Match): boolean {
    if (!this.#spend(1)) return false
    return entries(outer).every(([key, condition]) => {
      const cover = Object.hasOwn(this.#covers, key) ? this.#covers[key] : undefined
      return cover !== undefined && !condition.broken && cover(condition, child(inner, key))
    })
  }

  #spend(work: number): boolean {
    this.#work -= work
    return this.#work > 0
  }

  #pathCovers(outer: Located, inner: Match): boolean {
    const pattern = text(outer)
    // But for OPTIONS *, which no route is for.
    if (pattern === '/*' || pattern === '/**') return true
    const other = text(inner)
    if (pattern === undefined || other === undefined) return false
    const wide = readOnce(this.#paths, pattern, readPathGlob)
    const narrow = readOnce(this.#paths, other, readPathGlob)
    const steps = (wide?.length ?? 0) * (narrow?.length ?? 0)
    return this.#spend(steps + lengthOf(pattern, other)) && pathGlobCovers(wide, narrow)
  }

  #listCovers(outer: Located, inner: Match): boolean {
    const all = scalars(outer)
    const some = scalars(inner)
    if (all === null || !this.#spend(all.length + (some?.length ?? 0))) return false
    const wide = new Set(all)
    return all.length === 0 || (some !== null && some.length > 0 && some.every((one) => wide.has(one)))
  }

  /** Networks that are each within a single one; that several together make up a wider one is not looked for. */
  #networksCover(outer: Located, inner: Match): boolean {
    const all = this.#networksOf(outer)
    const some = this.#networksOf(inner)
    if (all === null || !this.#spend(all.length * (some?.length ?? 0))) return false
    const isWithin = (one: Network) => all.some((wide) => within(one, wide))
    return all.length === 0 || (some !== null && some.length > 0 && some.every(isWithin))
  }

  #networksOf(node: Match): readonly Network[] | null {
    if (node === undefined) return []
    const known = this.#networks.get(node)
    if (known !== undefined) return known
    const networks = readNetworks(node)
    this.#networks.set(node, networks)
    return networks
  }

  /** Names are compared without letter case, as in requests. */
  #headersCover(outer: Located, inner: Match): boolean {
    if (!(outer.value instanceof Map)) return false
    const fields = new Map(entries(inner).map(([name, pattern]) => [name.toLowerCase(), text(pattern)]))
    if (!this.#spend(fields.size)) return false
    return entries(outer).every(([name, pattern]) => {
      const wide = text(pattern)
      const narrow = fields.get(name.toLowerCase())
      if (wide === undefined || narrow === undefined || !this.#spend(lengthOf(wide, narrow))) return false
      const read = (glob: string) => readOnce(this.#headers, glob, readHeaderGlob)
      return headerGlobCovers(read(wide), read(narrow))
    })
  }

  readonly #covers: Readonly<Record<string, Cover>> = {
    path: (outer, inner) => this.#pathCovers(outer, inner),
    methods: (outer, inner) => this.#listCovers(outer, inner),
    countries: (outer, inner) => this.#listCovers(outer, inner),
    continents: (outer, inner) => this.#listCovers(outer, inner),
    asns: (outer, inner) => this.#listCovers(outer, inner),
    networks: (outer, inner) => this.#networksCover(outer, inner),
    headers: (outer, inner) => this.#headersCover(outer, inner),
  }
}

function readOnce<T>(known: Map<string, T>, glob: string, read: (glob: string) => T): T {
  if (!known.has(glob)) known.set(glob, read(glob))
  return known.get(glob)!
}

/** What comparing texts takes, in steps. */
function lengthOf(one: string, other: string): number {
  return (one.length + other.length) >> 3
}

/** null: this is no list of plain values. Nothing there is an empty list. */
function scalars(node: Match): readonly Located['value'][] | null {
  if (node === undefined) return []
  if (!Array.isArray(node.value) || items(node).some(({ broken }) => broken)) return null
  return items(node).map(({ value }) => value)
}

function readNetworks(node: Located): readonly Network[] | null {
  const parsed = (scalars(node) ?? [null]).map((value) => (typeof value === 'string' ? parseNetwork(value) : null))
  const networks = parsed.flatMap((one) => (one !== null && 'network' in one ? [one.network] : []))
  return networks.length === parsed.length ? networks : null
}

function within(one: Network, wide: Network): boolean {
  if (one.family !== wide.family || one.prefix < wide.prefix) return false
  return maskBytes(one.bytes, wide.prefix).every((byte, at) => byte === wide.bytes[at])
}
