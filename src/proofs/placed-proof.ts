import type { AskedEndpoint, Located, Proof, Wanted } from '../providers/proof.ts'

/** Where the site has what is proved. */
export interface Placement {
  /** The folder of the tree that is the site's root: it is in no URL of the site. Percent-encoded; often empty. */
  readonly folder: string
  /** The URL names the content itself. */
  readonly immutable: boolean
}

/** What is proved of a tree, as a site has it: under URLs that lead to another tree tomorrow, and below one of its folders. */
export class PlacedProof implements Proof {
  readonly #inner: Proof
  readonly #placement: Placement

  constructor(inner: Proof, placement: Placement) {
    this.#inner = inner
    this.#placement = placement
  }

  async locate(endpoint: AskedEndpoint, wanted: Wanted): Promise<Located> {
    const { folder, immutable } = this.#placement
    const located = await this.#inner.locate(endpoint, wanted)
    if (located.kind === 'redirect' && folder !== '' && located.location.startsWith(`${folder}/`)) {
      return { ...located, location: located.location.slice(folder.length) }
    }
    if (located.kind !== 'object' || located.immutable === immutable) return located
    const { kind, status, size, type, etag } = located
    const read = (first: number, last: number) => located.read(first, last)
    const shown = status === undefined ? {} : { status }
    return {
      kind,
      ...shown,
      size,
      type,
      etag,
      immutable,
      read,
      get holdsNothing() {
        return located.holdsNothing === true
      },
      discard: () => located.discard(),
    }
  }
}
