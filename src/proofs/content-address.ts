import type { ContentReference } from '../config/content.ts'
import type { Endpoint, Route, Site } from '../config/snapshot.ts'
import { PolycdnError } from '../errors.ts'
import { canonicalCid, type Denylist, parseArweavePath, parseCid } from '../providers/index.ts'
import type { RequestFacts } from '../steering/request-facts.ts'

/** What of a request says which object it is about. */
export interface AskedObject {
  readonly site: Site
  readonly route: Route
  readonly target: { readonly path: string; readonly query: string }
  readonly facts: RequestFacts
}

/** Where a network has the object: below a root that is named, or whose name has to be looked up. */
export type ContentAddress = {
  readonly root:
    | { readonly kind: 'id'; readonly id: string }
    | { readonly kind: 'dnslink' | 'ipns' | 'arns'; readonly name: string }
  /** Below the root, percent-encoded; empty or with a slash in front. */
  readonly path: string
  /** What the URL has before `path`. */
  readonly mount: string
  /** The URL names the content itself. */
  readonly immutable: boolean
  /** What is not served, whatever leads to it. */
  readonly denied: Denylist | null
}

export type ContentNetwork = 'ipfs' | 'arweave'

/**
 * Where the network has what the path asks for; null: the site is not there. An error where clients name the content
 * themselves, and this one is no name, or is not to be had here.
 */
export function contentAddress(
  network: ContentNetwork,
  { site, target }: AskedObject,
): ContentAddress | PolycdnError | null {
  const reference = site.content[network]
  if (reference === null) return null
  if (reference.kind !== 'path')
    return { root: reference, path: target.path, mount: '', immutable: false, denied: null }
  const address = network === 'ipfs' ? ipfsAddress(target.path) : arweaveAddress(target.path)
  if (address === null) return new PolycdnError('no_route', 'the path names no content')
  if (!mayHave(reference, address)) return new PolycdnError('forbidden', 'this content is not served here')
  const { denied } = reference
  if (isDenied(denied, address)) return new PolycdnError('content_denied', 'this content is blocked here')
  return { ...address, denied }
}

/** Where clients say that it is. */
type NamedAddress = Omit<ContentAddress, 'denied'>

function ipfsAddress(path: string): NamedAddress | null {
  const match = /^\/(ipfs|ipns)\/([^/]{1,255})(\/.*)?$/.exec(path)
  if (match === null) return null
  const [, space, name, rest = ''] = match as unknown as [string, 'ipfs' | 'ipns', string, string | undefined]
  const place = { path: rest, mount: `/${space}/${name}` }
  if (space === 'ipfs') {
    const id = canonical(name)
    return id === null ? null : { root: { kind: 'id', id }, ...place, immutable: true }
  }
  const kind = name.includes('.') ? 'dnslink' : 'ipns'
  return { root: { kind, name: kind === 'dnslink' ? name.toLowerCase() : name }, ...place, immutable: false }
}

/** The one spelling of a CID; null: it is none that can be proved. */
export function canonical(text: string): string | null {
  try {
    return canonicalCid(parseCid(text))
  } catch {
    return null
  }
}

function arweaveAddress(path: string): NamedAddress | null {
  const found = parseArweavePath(path)
  return found === null
    ? null
    : { root: { kind: 'id', id: found.id }, path: found.path, mount: `/${found.id}`, immutable: true }
}

function mayHave({ allow }: ContentReference & { kind: 'path' }, { root }: NamedAddress): boolean {
  return allow === null || (root.kind === 'id' && allow.has(root.id))
}

function isDenied(denied: Denylist | null, { root, path }: NamedAddress): boolean {
  if (denied === null) return false
  const id = root.kind === 'id' ? root.id : root.name
  return denied.blocks({ space: root.kind === 'id' ? 'ipfs' : 'ipns', id, path })
}

/** The endpoints of a Route at such a network. */
export function endpointsOf({ endpoints }: Route, network: ContentNetwork): readonly Endpoint[] {
  return endpoints.filter(({ cdn }) => cdn?.provider === network)
}
