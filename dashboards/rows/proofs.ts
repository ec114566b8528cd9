import type { RowPlan } from '../plan.ts'
import { CDN, SITE, sumRate } from '../promql.ts'

export const PROOFS: RowPlan = {
  title: 'Proofs',
  height: 8,
  panels: [
    {
      title: 'Proved',
      description: 'Body bytes that were proved before they were sent, by CDN and what proves them.',
      kind: 'stacked',
      width: 8,
      unit: 'Bps',
      queries: [{ expr: sumRate('cdn, proof', 'polycdn_proved_bytes_total', CDN), legend: '{{cdn}} by {{proof}}' }],
    },
    {
      title: 'Not proved',
      description: 'Tries that brought nothing which could be proved, and why. No byte of them was sent.',
      kind: 'lines',
      width: 8,
      unit: 'ops',
      queries: [{ expr: sumRate('cdn, reason', 'polycdn_unproved_attempts_total', CDN), legend: '{{cdn}} {{reason}}' }],
    },
    {
      title: 'Liars',
      description: 'Endpoints that are left alone because their bytes contradicted their proof.',
      kind: 'lines',
      width: 8,
      unit: 'short',
      queries: [
        { expr: `max by (cdn, endpoint) (polycdn_endpoint_corrupt{${CDN}}) > 0`, legend: '{{cdn}} {{endpoint}}' },
      ],
    },
    {
      title: 'Manifests end in',
      description: 'Without a new one, nothing proves what untrusted CDNs have of the site.',
      kind: 'lines',
      width: 6,
      unit: 's',
      queries: [
        {
          expr: `min by (site) (polycdn_manifest_expiry_timestamp_seconds{${SITE}}) - time()`,
          legend: '{{site}}',
        },
      ],
    },
    {
      title: 'Manifest in use',
      description: 'Its sequence, where it is the oldest and where it is the newest.',
      kind: 'lines',
      width: 6,
      unit: 'none',
      queries: [
        { expr: `min by (site) (polycdn_manifest_sequence{${SITE}})`, legend: '{{site}} oldest' },
        { expr: `max by (site) (polycdn_manifest_sequence{${SITE}})`, legend: '{{site}} newest' },
      ],
    },
    {
      title: 'Loads of manifests',
      description: 'Accepted, or why not.',
      kind: 'lines',
      width: 6,
      unit: 'short',
      queries: [
        {
          expr: `sum by (site, result) (increase(polycdn_manifest_loads_total{${SITE}}[$__rate_interval]))`,
          legend: '{{site}} {{result}}',
        },
      ],
    },
    {
      title: 'Look-ups of names',
      description: 'DNSLink, IPNS and ArNS, by result.',
      kind: 'lines',
      width: 6,
      unit: 'ops',
      queries: [{ expr: sumRate('kind, result', 'polycdn_name_lookups_total'), legend: '{{kind}} {{result}}' }],
    },
  ],
}
