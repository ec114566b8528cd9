import type { Snapshot } from '../config/snapshot.ts'
import type { LiveNames } from '../observe/live-names.ts'

/** The names that a configuration has: series of others are dropped. */
export function liveNames({ sites, cdns, policies, endpoints, acme }: Snapshot): LiveNames {
  const names = (items: readonly { readonly name: string }[]) => new Set(items.map(({ name }) => name))
  const urls = new Set(endpoints.map(({ url }) => url))
  return {
    sites: names(sites),
    cdns: names(cdns),
    policies: names(policies),
    endpoints: urls,
    certificates: new Set(acme?.names),
  }
}
