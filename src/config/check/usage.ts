import { PROVIDERS, type ProviderName } from '../../providers/index.ts'
import { child, items, type Located, shown, text } from '../tree.ts'

/** A CDN that a route of a site may ask, with what the site and the policy say of it. */
export interface Usage {
  readonly site: Located
  readonly policy: Located
  readonly cdn: Located
  /** Where the policy names it. */
  readonly named: Located
}

/** The CDNs of a configuration by their names. */
export function cdnsByName(root: Located): ReadonlyMap<string | undefined, Located> {
  return new Map(items(child(root, 'cdns')).map((cdn) => [text(child(cdn, 'name')), cdn]))
}

/** Every CDN of every route of a site; what is not there, or names nothing, is left out. */
export function* usages(root: Located, site: Located, cdns: ReturnType<typeof cdnsByName>): Generator<Usage> {
  for (const policy of policiesOf(root, site)) {
    for (const named of items(child(policy, 'cdns'))) {
      const cdn = text(named) === undefined ? undefined : cdns.get(text(named))
      if (cdn !== undefined) yield { site, policy, cdn, named }
    }
  }
}

/** The policies that a site's routes lead to, those of mode origin left out: they ask no CDN. */
function policiesOf(root: Located, site: Located): readonly Located[] {
  const routes = items(child(site, 'routes'))
  const names = routes.length === 0 ? ['default'] : routes.map((route) => text(child(route, 'policy')))
  return [...new Set(names)].flatMap((name) => {
    const policy = name === undefined ? undefined : child(child(root, 'policies'), name)
    return policy === undefined || text(child(policy, 'mode')) === 'origin' ? [] : [policy]
  })
}

/** undefined where it is missing, or none that is known: the schema says so. */
export function providerName(cdn: Located | undefined): ProviderName | undefined {
  const name = text(child(cdn, 'provider'))
  return name !== undefined && Object.hasOwn(PROVIDERS, name) ? (name as ProviderName) : undefined
}

/** Whether its bytes are believed, as it says or as is usual for its provider. */
export function isTrusted(cdn: Located): boolean {
  const trust = child(cdn, 'trust')?.value
  const provider = providerName(cdn)
  if (typeof trust === 'boolean') return trust
  return provider === undefined || PROVIDERS[provider].trustByDefault
}

/** What a site asks a CDN by; null: nothing says, and there is nothing usual. */
export function pathTemplateOf(site: Located | undefined, cdn: Located): string | null {
  const provider = providerName(cdn)
  const own = child(child(child(site, 'cdns'), text(child(cdn, 'name')) ?? ''), 'path_template')
  // As when it is compiled: a null of the site's own means what is usual, not what the CDN says.
  const template = own === undefined ? text(child(cdn, 'path_template')) : text(own)
  return template ?? (provider === undefined ? '{path}' : PROVIDERS[provider].pathTemplate)
}

/** A map that is there and not null. */
export function given(node: Located | undefined): Located | undefined {
  return node === undefined || node.value === null ? undefined : node
}

/** For a message. What came from the environment is not shown. */
export function siteTitle(site: Located): string {
  const name = child(site, 'name')
  return text(name) === undefined || name!.secret ? 'this site' : `the site ${shown(name!)}`
}
