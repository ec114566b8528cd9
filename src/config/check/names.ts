import { didYouMean } from '../nearest.ts'
import type { ProblemList } from '../problem-list.ts'
import { child, entries, isMap, items, type Located, shown, text } from '../tree.ts'

/** Every name that refers to something: it must be there. (`extends` is checked where it is followed.) */
export function checkNames(root: Located, problems: ProblemList): void {
  const cdns = items(child(root, 'cdns')).map((cdn) => text(child(cdn, 'name')))
  const cdnNames = new Set(cdns.filter((name) => name !== undefined))
  const targets = new Set([...cdnNames, 'origin'])
  const policyNames = new Set(entries(child(root, 'policies')).map(([name]) => name))
  const refer = (node: Located | undefined, noun: string, names: ReadonlySet<string>) => {
    const name = text(node)
    if (node === undefined || name === undefined || node.broken || names.has(name)) return
    const near = node.secret || problems.isFull ? '' : didYouMean(name, names)
    problems.error(node, `no ${noun} is named ${shown(node)}${near}`)
  }
  for (const [, policy] of entries(child(root, 'policies'))) {
    for (const name of items(child(policy, 'cdns'))) refer(name, 'CDN', cdnNames)
  }
  for (const site of items(child(root, 'sites'))) {
    refer(child(site, 'unsafe_methods'), 'CDN', targets)
    for (const [name, override] of entries(child(site, 'cdns'))) {
      if (cdnNames.has(name)) continue
      const near = problems.isFull ? '' : didYouMean(name, cdnNames)
      problems.errorAtKey(override, `no CDN is named ${JSON.stringify(name)}${near}`)
    }
    for (const route of items(child(site, 'routes'))) refer(child(route, 'policy'), 'policy', policyNames)
    checkDefault(site, policyNames, problems)
  }
}

function checkDefault(site: Located, policyNames: ReadonlySet<string>, problems: ProblemList): void {
  if (!isMap(site.value) || site.value.size === 0 || policyNames.has('default')) return
  const routes = child(site, 'routes')
  if (routes === undefined || (items(routes).length === 0 && Array.isArray(routes.value))) {
    problems.error(site, 'a site without routes follows the policy "default", and there is none')
  }
}
