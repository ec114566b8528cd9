import { Family, type FamilySpec, type Sample, type Series, type SeriesPart } from './family.ts'

/** A value that goes up and down. */
export class Gauge implements Series {
  /** Of this process. */
  value = 0
  /** Of others, by their name: each has its part until it ends. */
  #others: Map<string, number> | null = null
  #taken = 0

  set(value: number): void {
    this.value = value
  }

  inc(by = 1): void {
    this.value += by
  }

  dec(by = 1): void {
    this.value -= by
  }

  take(): SeriesPart | null {
    if (this.value === this.#taken) return null
    this.#taken = this.value
    return this.value
  }

  add(part: SeriesPart, from: string): void {
    this.#others ??= new Map()
    this.#others.set(from, part as number)
  }

  release(from: string): void {
    this.#others?.delete(from)
  }

  appendTo(samples: Sample[], _name: string, sharedLabels: Readonly<Record<string, string>>): void {
    let value = this.value
    if (this.#others !== null) for (const part of this.#others.values()) value += part
    samples.push({ value, sharedLabels })
  }
}

/** Gauges by label values. A gauge that nobody has set is absent: a timestamp of 0 would be an age of 56 years. */
export class GaugeFamily<const Names extends readonly string[]> extends Family<Names, Gauge> {
  constructor(spec: FamilySpec<Names>) {
    super(spec, 'gauge', () => new Gauge())
  }
}
