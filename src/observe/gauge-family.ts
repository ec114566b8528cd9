import { Family, type FamilySpec, type Sample, type Series } from './family.ts'

/** A value that goes up and down. */
export class Gauge implements Series {
  value = 0

  set(value: number): void {
    this.value = value
  }

  inc(by = 1): void {
    this.value += by
  }

  dec(by = 1): void {
    this.value -= by
  }

  appendTo(samples: Sample[], _name: string, sharedLabels: Readonly<Record<string, string>>): void {
    samples.push({ value: this.value, sharedLabels })
  }
}

/** Gauges by label values. A gauge that nobody has set is absent: a timestamp of 0 would be an age of 56 years. */
export class GaugeFamily<const Names extends readonly string[]> extends Family<Names, Gauge> {
  constructor(spec: FamilySpec<Names>) {
    super(spec, 'gauge', () => new Gauge())
  }
}
