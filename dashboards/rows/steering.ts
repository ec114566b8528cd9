import type { RowPlan } from '../plan.ts'
import { CDN, sumRate } from '../promql.ts'

export const STEERING: RowPlan = {
  title: 'Steering and failover',
  height: 8,
  panels: [
    {
      title: 'Failovers',
      description: 'Moves from one CDN to the next, and why.',
      kind: 'lines',
      width: 6,
      unit: 'ops',
      queries: [
        { expr: sumRate('from, to, reason', 'polycdn_failovers_total'), legend: '{{from}} → {{to}} ({{reason}})' },
      ],
    },
    {
      title: 'Resumes',
      description: 'Switches from one CDN to the next in the middle of a body, and what came of them.',
      kind: 'lines',
      width: 4,
      unit: 'ops',
      queries: [
        { expr: sumRate('from, to, result', 'polycdn_resumes_total'), legend: '{{from}} → {{to}} ({{result}})' },
      ],
    },
    {
      title: 'Attempts by outcome',
      description: 'What tries at endpoints came to.',
      kind: 'stacked',
      width: 4,
      unit: 'ops',
      queries: [{ expr: sumRate('outcome', 'polycdn_attempts_total', CDN), legend: '{{outcome}}' }],
    },
    {
      title: 'Decisions by reason',
      description: 'Why the first candidate was the first.',
      kind: 'stacked',
      width: 5,
      unit: 'ops',
      queries: [{ expr: sumRate('policy, reason', 'polycdn_decisions_total'), legend: '{{policy}}: {{reason}}' }],
    },
    {
      title: 'Left out by decisions',
      description: 'CDNs that were no candidates, and why.',
      kind: 'lines',
      width: 5,
      unit: 'ops',
      queries: [{ expr: sumRate('cdn, reason', 'polycdn_rejections_total', CDN), legend: '{{cdn}}: {{reason}}' }],
    },
  ],
}
