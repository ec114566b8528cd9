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
