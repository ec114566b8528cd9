import type { Denylist } from '../providers/index.ts'

/** Where content-addressed networks have a site. */
export interface Content {
  /** What it lacks does not exist. */
  readonly complete: boolean
  readonly ipfs: ContentReference | null
  readonly arweave: ContentReference | null
}

/**
 * `id`: a CID, or a transaction with a path manifest. `name`: what leads to one and may change: a DNSLink or IPNS name,
 * or an ArNS name. `path`: clients name the content themselves, as the first segments of the path.
 */
export type ContentReference =
  | { readonly kind: 'id'; readonly id: string }
  | { readonly kind: 'dnslink' | 'ipns' | 'arns'; readonly name: string }
  | { readonly kind: 'path'; readonly allow: ReadonlySet<string> | null; readonly denied: Denylist | null }

export interface ManifestSettings {
  /** An absolute path, or an http or https URL. */
  readonly source: { readonly file: string } | { readonly url: string }
  readonly publicKey: string
  /** How long the manifest before stays good for what is not up to date. */
  readonly grace: number
}
