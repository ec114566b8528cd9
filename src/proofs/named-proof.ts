import type { AskedEndpoint, Located, Proof, Wanted } from '../providers/proof.ts'

/** Proves what a name leads to, which is looked up once for all endpoints that are asked. */
export class NamedProof implements Proof {
  readonly #lookUp: (upstream: AskedEndpoint) => Promise<Proof>
  #found: Proof | null = null

  constructor(lookUp: (upstream: AskedEndpoint) => Promise<Proof>) {
    this.#lookUp = lookUp
  }

  async locate(upstream: AskedEndpoint, wanted: Wanted): Promise<Located> {
    this.#found ??= await this.#lookUp(upstream)
    return this.#found.locate(upstream, wanted)
  }
}
