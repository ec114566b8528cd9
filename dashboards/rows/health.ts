import type { RowPlan } from '../plan.ts'
import { CDN, sumRate } from '../promql.ts'

export const HEALTH: RowPlan = {
  title: 'Health',
  height: 9,
  panels: [
    {
      title: 'Endpoints',
      description: 'Whether an endpoint may be chosen; of several gateways the one that sees it worst.',
      kind: 'timeline',
      width: 12,
      unit: 'none',
      states: ['out', 'healthy'],
      queries: [{ expr: `min by (cdn, endpoint) (polycdn_endpoint_healthy{${CDN}})`, legend: '{{cdn}} {{endpoint}}' }],
    },
    {
      title: 'Ejections',
      description: 'Endpoints taken out.',
      kind: 'lines',
      width: 6,
      unit: 'short',
      queries: [
        {
          expr: `sum by (cdn, endpoint) (increase(polycdn_endpoint_ejections_total{${CDN}}[$__rate_interval]))`,
          legend: '{{cdn}} {{endpoint}}',
        },
      ],
    },
    {
      title: 'Active checks',
      description: 'Health checks by result.',
      kind: 'lines',
      width: 6,
      unit: 'ops',
      queries: [{ expr: sumRate('cdn, result', 'polycdn_health_checks_total', CDN), legend: '{{cdn}} {{result}}' }],
    },
  ],
}
