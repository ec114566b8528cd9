import type { RowPlan } from '../plan.ts'
import { CDN, SITE } from '../promql.ts'

export const PURGES: RowPlan = {
  title: 'Purges',
  height: 7,
  panels: [
    {
      title: 'Purged',
      description: 'URLs, prefixes, tags and whole sites that operators purged.',
      kind: 'lines',
      width: 8,
      unit: 'short',
      queries: [
        {
          expr: `sum by (site, kind) (increase(polycdn_purges_total{${SITE}}[$__rate_interval]))`,
          legend: '{{site}} {{kind}}',
        },
      ],
    },
    {
      title: 'At the CDNs',
      description: 'Purges that ended there. What is unsupported a CDN cannot do; GET /purge says why.',
      kind: 'lines',
      width: 8,
      unit: 'short',
      queries: [
        {
          expr: `sum by (cdn, result) (increase(polycdn_cdn_purges_total{${CDN}}[$__rate_interval]))`,
          legend: '{{cdn}} {{result}}',
        },
      ],
    },
    {
      title: 'Under way',
      description: 'Purges that a CDN has not ended. They are given up after 15 minutes.',
      kind: 'lines',
      width: 8,
      unit: 'short',
      queries: [{ expr: `sum by (cdn) (polycdn_cdn_purges_pending{${CDN}})`, legend: '{{cdn}}' }],
    },
  ],
}
