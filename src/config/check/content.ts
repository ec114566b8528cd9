import type { ProblemList } from '../problem-list.ts'
import { child, entries, items, type Located, text } from '../tree.ts'
import { cdnsByName, given, providerName, siteTitle, type Usage, usages } from './usage.ts'

const NETWORKS = {
  ipfs: { ways: ['cid', 'dnslink', 'ipns', 'from'], content: 'CIDs' },
  arweave: { ways: ['manifest', 'arns', 'from'], content: 'transactions' },
} as const
type Network = keyof typeof NETWORKS
const NETWORK_NAMES = Object.keys(NETWORKS) as Network[]
const GATEWAY_KEYS = ['allow', 'open', 'deny_list'] as const

/** Where content-addressed networks have a site: said in one way, and in one that somebody asks. */
export function checkContent(root: Located, problems: ProblemList): void {
  const cdns = cdnsByName(root)
  for (const site of items(child(root, 'sites'))) {
    const content = child(site, 'content')
    const said = NETWORK_NAMES.filter((name) => given(child(content, name)) !== undefined)
    for (const name of said) checkReference(child(content, name)!, name, problems)
    checkComplete(content, said, problems)
    if (said.length === 0) continue
    const used = [...usages(root, site, cdns)]
    checkAsked(site, used, said, problems)
    const gateways = said.filter((name) => child(child(content, name), 'from') !== undefined)
    if (gateways.length > 0) checkGateway(site, used, gateways, problems)
  }
}

function checkReference(reference: Located, network: Network, problems: ProblemList): void {
  const { ways, content } = NETWORKS[network]
  const told = ways.map((key) => child(reference, key)).filter((node) => node !== undefined)
  const list = ways.map((way) => (way === 'from' ? '"from: path"' : `"${way}"`)).join(', ')
  if (told.length === 0 && !reference.broken) problems.error(reference, `needs one of ${list}`)
  for (const extra of told.slice(1)) problems.errorAtKey(extra, `only one of ${list}`)
  const from = child(reference, 'from')
  if (from !== undefined) return checkOpening(reference, from, content, problems)
  for (const key of GATEWAY_KEYS) {
    const node = child(reference, key)
    if (node !== undefined) problems.errorAtKey(node, 'belongs to from: path, where clients name the content')
  }
}

/** An open gateway hands out other people's pages, so nobody gets one by leaving something out. */
function checkOpening(reference: Located, from: Located, content: string, problems: ProblemList): void {
  const allow = child(reference, 'allow')
  const open = child(reference, 'open')
  if (allow !== undefined && open?.value === true) {
    problems.error(open, 'either "allow" says what may be asked for, or open: true that anything may')
  } else if (
    open?.value !== true &&
    (allow === undefined || (Array.isArray(allow.value) && allow.value.length === 0))
  ) {
    problems.error(allow ?? from, `this serves nothing: list the ${content} in "allow", or say open: true`)
  }
}

function checkComplete(content: Located | undefined, said: readonly Network[], problems: ProblemList): void {
  const complete = child(content, 'complete')
  if (complete?.value !== true || said.length > 0) return
  problems.warn(complete, 'no content is named that could be complete: this says nothing')
}

/** What nobody is asked for. Where no CDN is known at all, something else is wrong. */
function checkAsked(site: Located, used: readonly Usage[], said: readonly Network[], problems: ProblemList): void {
  const asked = new Set(used.map(({ cdn }) => providerName(cdn)))
  for (const network of used.length === 0 ? [] : said) {
    if (asked.has(network)) continue
    const node = child(child(site, 'content'), network)!
    problems.warn(node, `no route of this site leads to a CDN of provider ${network}`)
  }
}

/** Where clients name the content, whatever else the site had would answer under the names of other people. */
function checkGateway(
  site: Located,
  used: readonly Usage[],
  gateways: readonly Network[],
  problems: ProblemList,
): void {
  const why = 'a site whose clients name the content (from: path)'
  for (const key of ['origin', 'manifest'] as const) {
    const node = given(child(site, key))
    if (node !== undefined) problems.errorAtKey(node, `${why} has no ${key}`)
  }
  const unsafe = child(site, 'unsafe_methods')
  if (unsafe !== undefined && text(unsafe) !== 'origin') {
    problems.error(unsafe, `${why} takes no other methods than GET and HEAD`)
  }
  for (const [name, reference] of entries(child(site, 'content'))) {
    const other = NETWORK_NAMES.find((network) => network === name)
    if (other === undefined || gateways.includes(other) || given(reference) === undefined) continue
    problems.errorAtKey(reference, `${why} has no other content`)
  }
  for (const { cdn, named } of used) {
    const provider = providerName(cdn)
    if (provider === undefined || gateways.some((network) => network === provider)) continue
    problems.error(named, `clients of ${siteTitle(site)} name the content, which a CDN of provider ${provider} has not`)
  }
}
