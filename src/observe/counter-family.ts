import { Family, type FamilySpec, type Sample, type Series, type SeriesPart } from './family.ts'

/** A total that only grows. */
export class Counter implements Series {
  /** What this process counted. */
  value = 0
  /** What others counted, the dead ones included. */
  #others = 0
  #taken = 0

  inc(by = 1): void {
    this.value += by
  }

  /** For totals that somebody else counts and {@link Metrics.onScrape} copies. */
  set(total: number): void {
    this.value = total
  }

  take(): SeriesPart | null {
    const growth = this.value - this.#taken
    this.#taken = this.value
    return growth > 0 ? growth : null
  }

  add(part: SeriesPart): void {
    this.#others += part as number
  }

  release(): void {}

  appendTo(samples: Sample[], _name: string, sharedLabels: Readonly<Record<string, string>>): void {
    samples.push({ value: this.value + this.#others, sharedLabels })
  }
}

/** Counters by label values. Without labels the one series is there from the start, at 0. */
export class CounterFamily<const Names extends readonly string[]> extends Family<Names, Counter> {
  constructor(spec: FamilySpec<Names>) {
    super(spec, 'counter', () => new Counter())
    if (spec.labelNames.length === 0) (this as unknown as CounterFamily<readonly []>).child()
  }
}
