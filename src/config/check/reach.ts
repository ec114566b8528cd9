import { maskBytes } from '../../geo/address.ts'
import { type Network, parseNetwork } from '../../geo/network.ts'
import type { ProblemList } from '../problem-list.ts'
import { child, entries, items, type Located, text } from '../tree.ts'
import { headerGlobCovers, pathGlobCovers } from '../values/glob-cover.ts'

/**
 * Routes that no request gets to, because one earlier route takes all that they could. Whatever cannot be decided, or
 * is taken by several earlier routes together, is left alone: a warning here is always right.
 */
export function checkReach(root: Located, problems: ProblemList): void {
  for (const site of items(child(root, 'sites'))) {
    const routes = items(child(site, 'routes'))
    routes.forEach((route, at) => {
      const match = child(route, 'match')
      const earlier = routes.slice(0, at).find((other) => covers(child(other, 'match'), match))
      if (earlier === undefined) return
      const { line } = problems.place(earlier.offset)
      const what = covers(child(earlier, 'match'), undefined) ? 'takes everything' : 'takes all that this one could'
      problems.warn(route, `no request gets here: the route on line ${line} ${what}`)
    })
  }
}

type Match = Located | undefined

/** Whether each condition of `outer` holds wherever all of those of `inner` do. */
function covers(outer: Match, inner: Match): boolean {
  return entries(outer).every(([key, condition]) => {
    const cover = Object.hasOwn(COVERS, key) ? COVERS[key] : undefined
    return cover !== undefined && !condition.broken && cover(condition, child(inner, key))
  })
}

const COVERS: Readonly<Record<string, (outer: Located, inner: Match) => boolean>> = {
  path: pathCovers,
  methods: listCovers,
  countries: listCovers,
  continents: listCovers,
  asns: listCovers,
  networks: networksCover,
  headers: headersCover,
}

function pathCovers(outer: Located, inner: Match): boolean {
  const pattern = text(outer)
  // But for OPTIONS *, which no route is for.
  if (pattern === '/*' || pattern === '/**') return true
  const other = text(inner)
  return pattern !== undefined && other !== undefined && pathGlobCovers(pattern, other)
}

function listCovers(outer: Located, inner: Match): boolean {
  const all = scalars(outer)
  const some = scalars(inner)
  return (
    all !== null && (all.length === 0 || (some !== null && some.length > 0 && some.every((one) => all.includes(one))))
  )
}

/** null: this is no list of plain values. Nothing there is an empty list. */
function scalars(node: Match): readonly Located['value'][] | null {
  if (node === undefined) return []
  if (!Array.isArray(node.value) || items(node).some(({ broken }) => broken)) return null
  return items(node).map(({ value }) => value)
}

/** Networks that are each within a single one; that several together make up a wider one is not looked for. */
function networksCover(outer: Located, inner: Match): boolean {
  const all = networksOf(outer)
  const some = networksOf(inner)
  if (all === null) return false
  return (
    all.length === 0 || (some !== null && some.length > 0 && some.every((one) => all.some((wide) => within(one, wide))))
  )
}

function networksOf(node: Match): readonly Network[] | null {
  const parsed = (scalars(node) ?? [null]).map((value) => (typeof value === 'string' ? parseNetwork(value) : null))
  const networks = parsed.flatMap((one) => (one !== null && 'network' in one ? [one.network] : []))
  return networks.length === parsed.length ? networks : null
}

function within(one: Network, wide: Network): boolean {
  if (one.family !== wide.family || one.prefix < wide.prefix) return false
  return maskBytes(one.bytes, wide.prefix).every((byte, at) => byte === wide.bytes[at])
}

/** Names are compared without letter case, as in requests. */
function headersCover(outer: Located, inner: Match): boolean {
  if (!(outer.value instanceof Map)) return false
  const fields = new Map(entries(inner).map(([name, pattern]) => [name.toLowerCase(), text(pattern)]))
  return entries(outer).every(([name, pattern]) => {
    const wide = text(pattern)
    const narrow = fields.get(name.toLowerCase())
    return wide !== undefined && narrow !== undefined && headerGlobCovers(wide, narrow)
  })
}
