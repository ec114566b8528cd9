import type { AskedEndpoint } from '../providers/proof.ts'

/**
 * What names that may change lead to just now. One that was looked up is remembered for as long as it says, and by all
 * requests that ask meanwhile. Rejects with a ProofError where nothing is found that can be believed.
 */
export interface Names {
  /** `/ipfs/{cid}` with or without a path behind it: what a DNSLink (TXT) or a signed IPNS record leads to in the end. */
  ipfs(name: { readonly kind: 'dnslink' | 'ipns'; readonly name: string }, upstream: AskedEndpoint): Promise<string>
  /** The transaction that most of these gateways agree on. */
  arns(name: string, upstreams: readonly AskedEndpoint[]): Promise<string>
}
