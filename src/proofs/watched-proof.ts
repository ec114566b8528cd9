import type { AskedEndpoint, Located, Proof, Wanted } from '../providers/proof.ts'

/** Tells of an absence that was proved. */
export class WatchedProof implements Proof {
  readonly #inner: Proof
  readonly #onAbsent: () => void

  constructor(inner: Proof, onAbsent: () => void) {
    this.#inner = inner
    this.#onAbsent = onAbsent
  }

  async locate(upstream: AskedEndpoint, wanted: Wanted): Promise<Located> {
    const located = await this.#inner.locate(upstream, wanted)
    if (located.kind === 'absent') this.#onAbsent()
    return located
  }
}
