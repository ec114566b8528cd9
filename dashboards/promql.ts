/** Filters by the dashboard's variables. */
export const SITE = 'site=~"$site"'
export const CDN = 'cdn=~"$cdn"'
export const BOTH = `${SITE},${CDN}`

export function rate(metric: string, filter = ''): string {
  return `rate(${metric}${filter && `{${filter}}`}[$__rate_interval])`
}

export function sumRate(by: string, metric: string, filter = ''): string {
  return `sum by (${by}) (${rate(metric, filter)})`
}

/** Of a histogram, named without `_bucket`; `labels` are kept, `le` is added. */
export function quantile(q: number, labels: string, metric: string, filter: string): string {
  const by = labels === '' ? 'le' : `le, ${labels}`
  return `histogram_quantile(${q}, ${sumRate(by, `${metric}_bucket`, filter)})`
}
