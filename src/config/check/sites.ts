import type { ProblemList } from '../problem-list.ts'
import { child, entries, items, type Located, text } from '../tree.ts'
import { checkDistinctUrls, checkTls } from './urls.ts'

/** Each site has what its routes and its overrides need. */
export function checkSites(root: Located, problems: ProblemList): void {
  const cdns = new Map(items(child(root, 'cdns')).map((cdn) => [text(child(cdn, 'name')), cdn]))
  const policies = child(root, 'policies')
  for (const site of items(child(root, 'sites'))) {
    const origin = child(site, 'origin')
    const urls = items(child(origin, 'urls'))
    checkDistinctUrls(urls, problems)
    checkTls(child(origin, 'tls'), urls, problems)
    if ((origin?.value ?? null) === null) checkNeedsNoOrigin(site, policies, problems)
    for (const [name, override] of entries(child(site, 'cdns'))) {
      const url = child(override, 'url')
      if (url === undefined || items(child(cdns.get(name), 'endpoints')).length < 2) continue
      problems.errorAtKey(url, `the CDN ${JSON.stringify(name)} has several endpoints, so one URL cannot stand for it`)
    }
  }
}

function checkNeedsNoOrigin(site: Located, policies: Located | undefined, problems: ProblemList): void {
  const routes = items(child(site, 'routes'))
  for (const node of routes.length === 0 ? [undefined] : routes.map((route) => child(route, 'policy'))) {
    const policy = routes.length === 0 ? 'default' : text(node)
    if (policy === undefined || text(child(child(policies, policy), 'mode')) !== 'origin') continue
    problems.error(node ?? site, 'the policy has mode: origin, and this site has no origin')
  }
}
