import type { RowPlan } from '../plan.ts'
import { BOTH, CDN, quantile, SITE } from '../promql.ts'

export const LATENCY: RowPlan = {
  title: 'Latency',
  height: 8,
  panels: [
    {
      title: 'Duration',
      description: 'From the request to the last byte of its response.',
      kind: 'lines',
      width: 8,
      unit: 's',
      queries: [0.5, 0.95, 0.99].map((q) => ({
        expr: quantile(q, '', 'polycdn_request_duration_seconds', SITE),
        legend: `p${q * 100}`,
      })),
    },
    {
      title: 'First byte by CDN, p95',
      description: 'From the request to the first byte of its response, failed tries included.',
      kind: 'lines',
      width: 8,
      unit: 's',
      queries: [{ expr: quantile(0.95, 'cdn', 'polycdn_first_byte_seconds', BOTH), legend: '{{cdn}}' }],
    },
    {
      title: 'Attempts by CDN, p95',
      description: 'One try: to its response headers or its failure.',
      kind: 'lines',
      width: 8,
      unit: 's',
      queries: [{ expr: quantile(0.95, 'cdn', 'polycdn_attempt_duration_seconds', CDN), legend: '{{cdn}}' }],
    },
  ],
}
