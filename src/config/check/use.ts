import type { ProblemList } from '../problem-list.ts'
import { child, entries, items, type Located, text } from '../tree.ts'

/** The names of the policies that some route follows. */
export function policiesInUse(root: Located): ReadonlySet<string> {
  const names = items(child(root, 'sites')).flatMap((site) => {
    const routes = items(child(site, 'routes'))
    return routes.length === 0 ? ['default'] : routes.map((route) => text(child(route, 'policy')) ?? '')
  })
  return new Set(names)
}

/** What is configured and can never happen. */
export function checkUse(root: Located, problems: ProblemList): void {
  for (const site of items(child(root, 'sites'))) checkReachable(site, problems)
  // A route to a policy that is not there leads nobody knows where.
  const known = new Set(entries(child(root, 'policies')).map(([name]) => name))
  if ([...policiesInUse(root)].every((name) => known.has(name))) checkCdnsInUse(root, problems)
}

function checkCdnsInUse(root: Located, problems: ProblemList): void {
  const sites = items(child(root, 'sites'))
  const used = new Set(sites.map((site) => text(child(site, 'unsafe_methods'))))
  const inUse = policiesInUse(root)
  for (const [name, policy] of entries(child(root, 'policies'))) {
    if (!inUse.has(name) || text(child(policy, 'mode')) === 'origin') continue
    for (const cdn of items(child(policy, 'cdns'))) used.add(text(cdn))
  }
  for (const cdn of items(child(root, 'cdns'))) {
    const name = child(cdn, 'name')
    if (name === undefined || text(name) === undefined || used.has(text(name))) continue
    problems.warn(name, 'no route leads to this CDN, so it is never used')
  }
}

function checkReachable(site: Located, problems: ProblemList): void {
  let everything: Located | undefined
  for (const route of items(child(site, 'routes'))) {
    if (everything !== undefined) {
      const { line } = problems.place(everything.offset)
      problems.warn(route, `no request gets here: the route on line ${line} takes everything`)
    } else if (takesEverything(child(route, 'match'))) {
      everything = route
    }
  }
}

function takesEverything(match: Located | undefined): boolean {
  return entries(match).every(([key, { value }]) => {
    if (key === 'path') return value === '/*' || value === '/**'
    if (Array.isArray(value)) return value.length === 0
    return value instanceof Map && value.size === 0
  })
}
