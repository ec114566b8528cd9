import { didYouMean } from '../nearest.ts'
import type { ProblemList } from '../problem-list.ts'
import { child, entries, items, type Located, shown, text } from '../tree.ts'

/** What a test may expect instead of a CDN. */
const NOBODY = ['origin', 'none']

/** The names that tests refer to, and CDNs of which two things are supposed at once. */
export function checkTests(root: Located, problems: ProblemList): void {
  const known = knownNames(root)
  const refer = (node: Located | undefined, noun: string, names: ReadonlySet<string>) => {
    const name = text(node)
    if (node === undefined || name === undefined || node.broken || names.has(name)) return
    const near = node.secret || problems.isFull ? '' : didYouMean(name, names)
    problems.error(node, `no ${noun} is named ${shown(node)}${near}`)
  }
  for (const test of items(child(root, 'tests'))) {
    const expect = child(test, 'expect')
    if (expect?.value instanceof Map && expect.value.size === 0) {
      problems.error(expect, 'expects nothing: name a cdn, a reason, a route, a status …')
    }
    for (const key of ['cdn', 'not', 'candidates']) {
      for (const node of oneOrMore(child(expect, key))) refer(node, 'CDN', known.targets)
    }
    for (const [name, node] of entries(child(expect, 'rejected'))) {
      if (!known.cdns.has(name)) problems.errorAtKey(node, unknownCdn(name, known.cdns))
    }
    for (const noun of ['site', 'route', 'policy'] as const) refer(child(expect, noun), noun, known[noun])
    checkGiven(child(test, 'given'), known.supposable, problems)
  }
}

function knownNames(root: Located) {
  const cdnNodes = items(child(root, 'cdns'))
  const sites = items(child(root, 'sites'))
  const cdns = setOf(cdnNodes.map((cdn) => text(child(cdn, 'name'))))
  const overrides = sites.flatMap((site) => entries(child(site, 'cdns')).map(([, cdn]) => text(child(cdn, 'url'))))
  const urls = cdnNodes.flatMap((cdn) =>
    [cdn, ...items(child(cdn, 'endpoints'))].map((node) => text(child(node, 'url'))),
  )
  const routes = sites.flatMap((site) => {
    const named = items(child(site, 'routes')).map((route, at) => text(child(route, 'name')) ?? `routes[${at}]`)
    return named.length === 0 ? ['routes[0]'] : named
  })
  return {
    cdns,
    targets: new Set([...cdns, ...NOBODY]),
    supposable: new Set([...cdns, ...setOf(urls), ...setOf(overrides)]),
    site: setOf(sites.map((site) => text(child(site, 'name')))),
    route: new Set(routes),
    policy: new Set(entries(child(root, 'policies')).map(([name]) => name)),
  }
}

function checkGiven(given: Located | undefined, known: ReadonlySet<string>, problems: ProblemList): void {
  const before = new Map<string, string>()
  for (const [state, list] of entries(given)) {
    for (const node of items(list)) {
      const name = text(node)
      if (name === undefined || node.broken) continue
      const other = before.get(name)
      if (!known.has(name)) problems.error(node, unknownCdn(name, known))
      else if (other !== undefined && other !== state)
        problems.error(node, `${shown(node)} is given as ${other} already`)
      before.set(name, state)
    }
  }
}

function unknownCdn(name: string, known: ReadonlySet<string>): string {
  return `no CDN is named ${JSON.stringify(name.slice(0, 64))}${didYouMean(name, known)}`
}

function oneOrMore(node: Located | undefined): readonly Located[] {
  if (node === undefined) return []
  return Array.isArray(node.value) ? items(node) : [node]
}

function setOf(names: readonly (string | undefined)[]): ReadonlySet<string> {
  return new Set(names.filter((name) => name !== undefined))
}
