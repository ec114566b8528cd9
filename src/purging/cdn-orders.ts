import type { Cdn, Endpoint, Site } from '../config/snapshot.ts'
import type { CdnAddress, PurgeOrder } from './apis/purge-api.ts'
import type { AskedPurge, AskedUrl } from './asked-purge.ts'

/** What one Cdn has to be told of a purge. */
export interface CdnOrder {
  readonly cdn: Cdn
  readonly order: PurgeOrder
}

/**
 * A purge in the words of each Cdn of its Site: with the hosts and paths that the gateway asks it for. What a Cdn is asked
 * for by content address never changes, so nobody there is told.
 *
 * @param id a UUID of this purge
 */
export function cdnOrders(asked: AskedPurge, sites: readonly Site[], id: string): CdnOrder[] {
  const orders: CdnOrder[] = []
  for (const [cdn, endpoints] of cdnsOf(asked.site)) {
    const shared = sites.some((other) => other !== asked.site && [...cdnsOf(other).keys()].includes(cdn))
    orders.push({ cdn, order: orderOf(asked, endpoints, { id, shared }) })
  }
  return orders
}

function cdnsOf(site: Site): ReadonlyMap<Cdn, ReadonlySet<Endpoint>> {
  const cdns = new Map<Cdn, Set<Endpoint>>()
  for (const endpoint of [...site.routes.flatMap(({ endpoints }) => endpoints), ...site.unsafeEndpoints]) {
    const { cdn, pathTemplate } = endpoint
    if (cdn === null || cdn.provider === 'ipfs' || cdn.provider === 'arweave' || pathTemplate.includes('{ref}'))
      continue
    cdns.set(cdn, (cdns.get(cdn) ?? new Set()).add(endpoint))
  }
  return cdns
}

function orderOf(
  asked: AskedPurge,
  endpoints: ReadonlySet<Endpoint>,
  { id, shared }: { readonly id: string; readonly shared: boolean },
): PurgeOrder {
  const { site, tags, soft } = asked
  const roots = asked.all
    ? site.hosts.map((host): AskedUrl => ({ text: 'all', host, paths: ['/'], queries: [''] }))
    : []
  const prefix = (of: readonly AskedUrl[]) => addresses(of, endpoints, '')
  return {
    id,
    urls: addresses(asked.urls, endpoints, null),
    prefixes: prefix(asked.prefixes.map((one) => ({ ...one, text: `${one.text}*` }))),
    tags,
    roots: prefix(roots),
    soft,
    shared,
  }
}

/** `ending`: what replaces what a template has after the path; null: that stays. */
function addresses(asked: readonly AskedUrl[], endpoints: ReadonlySet<Endpoint>, ending: string | null): CdnAddress[] {
  const found = new Map<string, CdnAddress>()
  for (const { text, host: own, paths, queries } of asked) {
    for (const { origin, basePath, pathTemplate, hostHeader } of endpoints) {
      const [before, after] = pathTemplate.split('{path}') as [string, string]
      const host = (hostHeader ?? own).replace(/:\d+$/, '')
      const scheme = origin.slice(0, origin.indexOf(':'))
      for (const path of paths) {
        for (const query of queries) {
          const whole = basePath + before + path + (ending ?? after)
          found.set(`${scheme}://${host}${whole}${query}`, { scheme, host, path: whole, query, asked: text })
        }
      }
    }
  }
  return [...found.values()]
}
