import type { Located, Proof, Upstream, Wanted } from '../providers/proof.ts'

/** Proves what a name leads to, which is looked up once for all endpoints that are asked. */
export class NamedProof implements Proof {
  readonly #lookUp: (upstream: Upstream) => Promise<Proof>
  #found: Proof | null = null

  constructor(lookUp: (upstream: Upstream) => Promise<Proof>) {
    this.#lookUp = lookUp
  }

  async locate(upstream: Upstream, wanted: Wanted): Promise<Located> {
    this.#found ??= await this.#lookUp(upstream)
    return this.#found.locate(upstream, wanted)
  }
}
