import type { CID } from 'multiformats/cid'
import { type AskedEndpoint, type Located, type Proof, ProofError, type ProvedObject, type Wanted } from '../proof.ts'
import { FileObject } from './file-object.ts'
import { PathProof } from './path-proof.ts'
import { applyRedirects, isRedirect, MAX_REDIRECTS_FILE, parseRedirects, type RedirectRule } from './redirects-file.ts'
import { pathSegments } from './segments.ts'
import type { IsDenied } from './trail.ts'

const RULES_FILE = '_redirects'

/** What is asked for, and what holds for it. */
export interface IpfsContent {
  readonly root: CID
  /** As in the client's URL below the root, without a query; it begins with a slash, or is empty. */
  readonly path: string
  /** What the URL has before `path` (`/ipfs/{cid}`), for redirects. */
  readonly mount?: string
  /** Whether the tree's own `_redirects` counts: where the root has a host of its own, and only there. */
  readonly rules?: boolean
  /** What is not served, wherever a path comes to it. */
  readonly isDenied?: IsDenied | null
}

/** An object of a UnixFS tree, proved by the CID of its root, at any number of endpoints that are not believed. */
export class IpfsProof implements Proof {
  readonly #content: IpfsContent
  readonly #path: PathProof
  readonly #rulesFile: PathProof | null
  #rules: readonly RedirectRule[] | null = null
  /** What a rule shows in place of the path. */
  #instead: { readonly path: PathProof; readonly status: 200 | 404 | 410 | 451 } | null = null

  constructor(content: IpfsContent) {
    const { root, path, mount, rules, isDenied } = content
    this.#content = content
    this.#path = new PathProof(root, path, mount, isDenied)
    this.#rulesFile = rules === true ? new PathProof(root, `/${RULES_FILE}`) : null
  }

  async locate(upstream: AskedEndpoint, wanted: Wanted): Promise<Located> {
    const located = await this.#path.locate(upstream, wanted)
    const ruled = located.kind === 'absent' && this.#rulesFile !== null && this.#path.mayHave(RULES_FILE)
    return ruled ? this.#byRule(upstream, wanted, located) : located
  }

  async #byRule(upstream: AskedEndpoint, wanted: Wanted, absent: Located): Promise<Located> {
    this.#rules ??= await readRules(this.#rulesFile!, upstream)
    const names = pathSegments(this.#content.path)
    const rule = names === null ? null : applyRedirects(this.#rules, names)
    if (rule === null) return absent
    const { status, to } = rule
    if (isRedirect(status)) {
      const mount = to.startsWith('/') ? (this.#content.mount ?? '') : ''
      return { kind: 'redirect', status, location: mount + to }
    }
    this.#instead ??= { path: new PathProof(this.#content.root, to), status }
    const shown = await this.#instead.path.locate(upstream, wanted)
    if (shown instanceof FileObject) return status === 200 ? shown : withStatus(shown, status)
    return { kind: 'absent', status: status === 200 ? 404 : status }
  }
}

async function readRules(proof: PathProof, upstream: AskedEndpoint): Promise<readonly RedirectRule[]> {
  const file = await proof.locate(upstream, { first: 0, last: null })
  if (file.kind !== 'object') return []
  if (file.size > MAX_REDIRECTS_FILE) {
    file.discard()
    throw new ProofError('too-large', '_redirects is larger than 64 KiB')
  }
  const parts: Uint8Array[] = []
  for await (const part of file.read(0, file.size - 1)) parts.push(part)
  return parseRedirects(Buffer.concat(parts).toString('utf8'))
}

function withStatus(object: FileObject, status: 404 | 410 | 451): ProvedObject {
  const { kind, size, type, etag } = object
  const read = (first: number, last: number) => object.read(first, last)
  // The rule may go when the tree does; the page is not what the URL names.
  return { kind, status, size, type, etag, immutable: false, read, discard: () => object.discard() }
}
