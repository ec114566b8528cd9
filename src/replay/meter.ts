import { MbpsSamples } from './mbps-samples.ts'

/** Counts what CDNs would bill. */
export interface Meter {
  /**
   * @param cdn who sent it
   * @param continent of the client: AF AN AS EU NA OC SA, or null where nobody knows
   * @param at milliseconds since 1970; not in order
   */
  add(cdn: string, bytes: number, continent: string | null, at: number): void
  /** By the name of the CDN. */
  summary(): ReadonlyMap<string, Bill>
}

export interface Bill {
  /** The 95th percentile of 5-minute samples over the whole log. */
  readonly mbps95: number
  /** null: no price is known. */
  readonly cost: number | null
}

/** Knows 5-minute samples, and no prices. */
export class SampleMeter implements Meter {
  readonly #samples = new MbpsSamples()

  add(cdn: string, bytes: number, _continent: string | null, at: number): void {
    this.#samples.add(cdn, bytes, at)
  }

  summary(): ReadonlyMap<string, Bill> {
    return new Map(this.#samples.names.map((cdn) => [cdn, { mbps95: this.#samples.percentile(cdn), cost: null }]))
  }
}
