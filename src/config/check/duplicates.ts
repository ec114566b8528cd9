import type { ProblemList } from '../problem-list.ts'
import { child, items, type Located, shown, text } from '../tree.ts'
import { parseHostPattern } from '../values/host-pattern.ts'

/** What must be unique: names, and the host names of all sites together. */
export function checkDuplicates(root: Located, problems: ProblemList): void {
  const sites = items(child(root, 'sites'))
  const cdnNames = items(child(root, 'cdns')).map((cdn) => child(cdn, 'name'))
  distinct(cdnNames, 'CDN', problems)
  distinct(
    sites.map((site) => child(site, 'name')),
    'site',
    problems,
  )
  for (const name of cdnNames) {
    if (name !== undefined && text(name) === 'origin') problems.error(name, '"origin" is no name for a CDN')
  }
  for (const site of sites) {
    const routes = items(child(site, 'routes')).map((route) => child(route, 'name'))
    distinct(routes, 'route of this site', problems)
  }
  checkHosts(sites, problems)
}

function distinct(names: readonly (Located | undefined)[], noun: string, problems: ProblemList): void {
  const seen = new Map<string, Located>()
  for (const node of names) {
    const name = text(node)
    if (node === undefined || name === undefined) continue
    const first = seen.get(name)
    if (first === undefined) seen.set(name, node)
    else problems.error(node, `another ${noun} is named ${shown(node)}, on line ${problems.place(first.offset).line}`)
  }
}

function checkHosts(sites: readonly Located[], problems: ProblemList): void {
  const seen = new Map<string, Located>()
  for (const node of sites.flatMap((site) => items(child(site, 'hosts')))) {
    const host = parseHostPattern(text(node))
    if (host === undefined) continue
    const first = seen.get(host)
    if (first === undefined) seen.set(host, node)
    else problems.error(node, `${shown(node, 'host')} is taken by ${first.path} already`)
  }
}
