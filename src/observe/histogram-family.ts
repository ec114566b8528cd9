import { Family, type FamilySpec, type Sample, type Series, type SeriesPart } from './family.ts'

/** Durations in buckets that are fixed when the process starts. */
export class Histogram implements Series {
  readonly #bounds: Float64Array
  readonly #bucketLabels: readonly Readonly<{ le: string }>[]
  /** Not cumulative; the last one is +Inf. */
  readonly #counts: Float64Array
  #sum = 0
  /** What was taken already: the sum, then the buckets. */
  readonly #taken: Float64Array

  constructor(bounds: Float64Array, bucketLabels: readonly Readonly<{ le: string }>[]) {
    this.#bounds = bounds
    this.#bucketLabels = bucketLabels
    this.#counts = new Float64Array(bounds.length + 1)
    this.#taken = new Float64Array(bounds.length + 2)
  }

  /** Seconds. What is no finite number would poison the sum for ever and is ignored; below 0 counts as 0. */
  observe(seconds: number): void {
    if (!Number.isFinite(seconds)) return
    const bounds = this.#bounds
    let bucket = 0
    // Linear: most durations end in one of the first ten buckets, where this beats a binary search.
    while (bucket < bounds.length && seconds > bounds[bucket]!) bucket++
    this.#counts[bucket]!++
    if (seconds > 0) this.#sum += seconds
  }

  take(): SeriesPart | null {
    const now = [this.#sum, ...this.#counts]
    const growth = now.map((value, index) => value - this.#taken[index]!)
    if (growth.every((value) => value === 0)) return null
    this.#taken.set(now)
    return growth
  }

  add(part: SeriesPart): void {
    const [sum, ...counts] = part as readonly number[]
    this.#sum += sum!
    for (let bucket = 0; bucket < this.#counts.length; bucket++) this.#counts[bucket]! += counts[bucket] ?? 0
  }

  release(): void {}

  appendTo(samples: Sample[], name: string, sharedLabels: Readonly<Record<string, string>>): void {
    const metricName = `${name}_bucket`
    let cumulative = 0
    for (let bucket = 0; bucket < this.#counts.length; bucket++) {
      cumulative += this.#counts[bucket]!
      samples.push({ metricName, labels: this.#bucketLabels[bucket]!, sharedLabels, value: cumulative })
    }
    samples.push({ metricName: `${name}_sum`, sharedLabels, value: this.#sum })
    samples.push({ metricName: `${name}_count`, sharedLabels, value: cumulative })
  }
}

/** Histograms by label values, all with the same upper bounds (seconds, ascending, without +Inf). */
export class HistogramFamily<const Names extends readonly string[]> extends Family<Names, Histogram> {
  constructor(spec: FamilySpec<Names>, bounds: readonly number[]) {
    const shared = Float64Array.from(bounds)
    const bucketLabels = [...bounds.map((bound) => ({ le: String(bound) })), { le: '+Inf' }]
    super(spec, 'histogram', () => new Histogram(shared, bucketLabels))
    if (spec.labelNames.length === 0) (this as unknown as HistogramFamily<readonly []>).child()
  }
}
