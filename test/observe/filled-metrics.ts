import type { Counter } from '../../src/observe/counter-family.ts'
import type { Gauge } from '../../src/observe/gauge-family.ts'
import type { Histogram } from '../../src/observe/histogram-family.ts'
import { Metrics } from '../../src/observe/metrics.ts'

type AnyFamily = { child(...values: string[]): Counter | Gauge | Histogram }

/** Metrics in which every instrument has a series for each of the given values, which all its labels then have. */
export function filledMetrics(values: readonly string[], options: { processMetrics?: boolean } = {}): Metrics {
  const metrics = new Metrics({ version: '1.2.3', node: 'v26.0.0' }, options)
  for (const instrument of metrics.instruments) {
    for (const value of values) {
      const child = (instrument as unknown as AnyFamily).child(...instrument.labelNames.map(() => value))
      if ('observe' in child) child.observe(0.03)
      else child.set(7)
    }
  }
  return metrics
}
