import type { CID } from 'multiformats/cid'
import { ProofError } from '../proof.ts'
import { parseCid } from './cid.ts'

const MAX_TEXT = 2048

/** What a mutable name points to: a tree, or another name. `path` begins with a slash or is empty. */
export type ContentPath =
  | { readonly kind: 'ipfs'; readonly root: CID; readonly path: string }
  | { readonly kind: 'ipns'; readonly name: string; readonly path: string }

/** `/ipfs/{cid}[/path]` or `/ipns/{name}[/path]`. Throws a ProofError for anything else. */
export function parseContentPath(text: string): ContentPath {
  const found = text.length > MAX_TEXT ? null : /^\/(ipfs|ipns)\/([^/?#\s]+)(\/[^?#\s]*)?$/.exec(text)
  if (found === null) throw new ProofError('unproved', 'not a content path')
  const [, kind, name = '', path = ''] = found
  return kind === 'ipfs' ? { kind, root: parseCid(name), path } : { kind: 'ipns', name, path }
}
