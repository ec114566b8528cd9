import type { RowPlan } from '../plan.ts'
import { BOTH, sumRate } from '../promql.ts'

export const TRAFFIC: RowPlan = {
  title: 'Traffic',
  height: 8,
  panels: [
    {
      title: 'Requests by CDN',
      description: 'Who served: a CDN, the origin, or none (answered by the gateway itself).',
      kind: 'stacked',
      width: 8,
      unit: 'reqps',
      queries: [{ expr: sumRate('cdn', 'polycdn_requests_total', BOTH), legend: '{{cdn}}' }],
    },
    {
      title: 'Requests by status',
      description: 'By class of the status code.',
      kind: 'stacked',
      width: 8,
      unit: 'reqps',
      queries: [{ expr: sumRate('code', 'polycdn_requests_total', BOTH), legend: '{{code}}' }],
    },
    {
      title: 'Server errors',
      description: 'Share of requests that ended with a 5xx.',
      kind: 'lines',
      width: 8,
      unit: 'percentunit',
      queries: [
        {
          expr: `(${sumRate('site', 'polycdn_requests_total', `${BOTH},code="5xx"`)} or 0 * ${sumRate('site', 'polycdn_requests_total', BOTH)}) / ${sumRate('site', 'polycdn_requests_total', BOTH)}`,
          legend: '{{site}}',
        },
      ],
    },
    {
      title: 'Bytes by CDN',
      description: 'Body bytes written to clients.',
      kind: 'stacked',
      width: 16,
      unit: 'Bps',
      queries: [{ expr: sumRate('cdn', 'polycdn_response_bytes_total', BOTH), legend: '{{cdn}}' }],
    },
    {
      title: 'Aborted responses',
      description: 'Bodies that were visibly cut, because they could not be completed.',
      kind: 'lines',
      width: 8,
      unit: 'reqps',
      queries: [{ expr: sumRate('site, cdn', 'polycdn_aborted_responses_total', BOTH), legend: '{{site}} {{cdn}}' }],
    },
  ],
}
