import type { Metrics } from '../../src/observe/metrics.ts'

/** A metric as an expression names it, with every label that the expression asks of it. */
export interface Use {
  readonly metric: string
  readonly labels: readonly string[]
}

const METRIC = /\b((?:polycdn|nodejs|process)_\w+)(?:\{([^}]*)\})?/g
const FILTER = /(\w+)\s*(?:=~|!~|!=|=)/g
const GROUPING = /\bby \(([^)]*)\)/g
const SUFFIX = /_(?:bucket|sum|count)$/

/** Labels that Prometheus adds, or that a histogram has by itself. */
const ALWAYS = ['instance', 'job', 'le']

/** What an expression of the dashboard or the alerts uses. Its groupings count for each of its metrics. */
export function uses(expr: string): Use[] {
  const grouped = [...expr.matchAll(GROUPING)].flatMap(([, list]) => list!.split(',').map((label) => label.trim()))
  return [...expr.matchAll(METRIC)].map(([, metric, filter]) => {
    const filtered = [...(filter ?? '').matchAll(FILTER)].map(([, label]) => label!)
    return { metric: metric!, labels: [...new Set([...grouped, ...filtered])].filter((label) => label !== '') }
  })
}

/** What is wrong with a use, or null. */
export function problem(metrics: Metrics, { metric, labels }: Use): string | null {
  const own = metrics.instruments.find(({ name, type }) =>
    type === 'histogram' ? SUFFIX.test(metric) && name === metric.replace(SUFFIX, '') : name === metric,
  )
  if (own === undefined) {
    const default_ = !metric.startsWith('polycdn_') && metrics.names.includes(metric)
    return default_ ? null : `${metric} does not exist`
  }
  const unknown = labels.filter((label) => !ALWAYS.includes(label) && !own.labelNames.includes(label))
  return unknown.length === 0 ? null : `${metric} has no label ${unknown.join(', ')}`
}
