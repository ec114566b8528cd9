import type { RowPlan } from '../plan.ts'
import { CDN } from '../promql.ts'

const of = (metric: string) => [{ expr: `sum by (cdn) (polycdn_${metric}{${CDN}})`, legend: '{{cdn}}' }]

export const COSTS: RowPlan = {
  title: 'Costs',
  height: 8,
  panels: [
    {
      title: 'Cost of the month so far',
      description: 'Commits included, in the currency of the prices; all gateways together.',
      kind: 'stacked',
      width: 6,
      unit: 'none',
      queries: of('cdn_month_cost'),
    },
    {
      title: 'Projected cost of the month',
      description: 'If the rest of the month is like its beginning.',
      kind: 'lines',
      width: 6,
      unit: 'none',
      queries: of('cdn_month_projected_cost'),
    },
    {
      title: 'Bytes of the month',
      description: 'As received from the CDNs, and as estimated for clients that were redirected.',
      kind: 'stacked',
      width: 6,
      unit: 'bytes',
      queries: [{ expr: `sum by (cdn, source) (polycdn_cdn_month_bytes{${CDN}})`, legend: '{{cdn}} ({{source}})' }],
    },
    {
      title: '95th percentile and level',
      description: 'What is billed so far, and what ordinary samples are filled to. Mbit/s.',
      kind: 'lines',
      width: 6,
      unit: 'none',
      queries: [
        { expr: `sum by (cdn) (polycdn_cdn_percentile_mbps{${CDN}})`, legend: '{{cdn}}: percentile' },
        { expr: `sum by (cdn) (polycdn_cdn_level_mbps{${CDN}})`, legend: '{{cdn}}: level' },
      ],
    },
    {
      title: 'Samples over the commit',
      description: '5 % of the samples of a month are free: 432 of 30 days.',
      kind: 'lines',
      width: 6,
      unit: 'short',
      queries: of('cdn_samples_over_commit'),
    },
  ],
}
