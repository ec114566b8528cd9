/** As bandwidth is billed. Milliseconds. */
const SAMPLE = 300_000
const DISCARDED = 0.05

/** Bytes in samples of five minutes, by name. Times may come in any order; a sample without bytes is one of zero. */
export class MbpsSamples {
  readonly #byName = new Map<string, Map<number, number>>()
  #first = Number.POSITIVE_INFINITY
  #last = Number.NEGATIVE_INFINITY

  get names(): readonly string[] {
    return [...this.#byName.keys()]
  }

  /** @param at milliseconds since 1970 */
  add(name: string, bytes: number, at: number): void {
    const sample = Math.floor(at / SAMPLE)
    if (sample < this.#first) this.#first = sample
    if (sample > this.#last) this.#last = sample
    let samples = this.#byName.get(name)
    if (samples === undefined) {
      samples = new Map()
      this.#byName.set(name, samples)
    }
    samples.set(sample, (samples.get(sample) ?? 0) + bytes)
  }

  /** Mbit/s of the highest sample once the top 5 % are discarded: of all samples between the first and the last time. */
  percentile(name: string): number {
    const samples = [...(this.#byName.get(name)?.values() ?? [])].sort((a, b) => b - a)
    const discarded = Math.floor((this.#last - this.#first + 1) * DISCARDED)
    return ((samples[discarded] ?? 0) * 8) / (SAMPLE / 1000) / 1e6
  }
}
