import type { RowPlan } from '../plan.ts'
import { SITE, sumRate } from '../promql.ts'

const requests = (results: string) => sumRate('site', 'polycdn_cache_requests_total', `${SITE},result=~"${results}"`)

/** Answered without waiting for an upstream's body. */
const SAVED = 'hit|stale|revalidated|collapsed'

export const CACHE: RowPlan = {
  title: 'Cache',
  height: 8,
  panels: [
    {
      title: 'Hit ratio',
      description:
        'Of the requests that may use the cache: answered with what is stored, or with what another client asked for.',
      kind: 'lines',
      width: 8,
      unit: 'percentunit',
      queries: [
        {
          expr: `(${requests(SAVED)} or 0 * ${requests('.+')}) / ${requests(`${SAVED}|miss|pass`)}`,
          legend: '{{site}}',
        },
      ],
    },
    {
      title: 'Requests by result',
      description: 'pass: asked for and not stored. bypass: not for the cache, credentials for one.',
      kind: 'stacked',
      width: 8,
      unit: 'reqps',
      queries: [{ expr: sumRate('result', 'polycdn_cache_requests_total', SITE), legend: '{{result}}' }],
    },
    {
      title: 'Saved bytes',
      description: 'Body bytes that no CDN and no origin had to send.',
      kind: 'stacked',
      width: 8,
      unit: 'Bps',
      queries: [{ expr: sumRate('site', 'polycdn_cache_saved_bytes_total', SITE), legend: '{{site}}' }],
    },
    {
      title: 'Collapsed requests',
      description: 'Answered by the fetch of another client.',
      kind: 'lines',
      width: 6,
      unit: 'reqps',
      queries: [{ expr: requests('collapsed'), legend: '{{site}}' }],
    },
    {
      title: 'Purges and invalidations',
      description: 'What operators purged, and URLs that unsafe methods changed.',
      kind: 'lines',
      width: 6,
      unit: 'reqps',
      queries: [
        { expr: sumRate('kind', 'polycdn_purges_total', SITE), legend: 'purge of {{kind}}' },
        { expr: sumRate('site', 'polycdn_cache_invalidations_total', SITE), legend: '{{site}}: invalidated' },
      ],
    },
    {
      title: 'Stored',
      description: 'Bytes in memory and on disk.',
      kind: 'stacked',
      width: 6,
      unit: 'bytes',
      queries: [{ expr: 'sum by (tier) (polycdn_cache_bytes)', legend: '{{tier}}' }],
    },
    {
      title: 'Answers, and what had to go',
      description: 'Entries, fetches under way, what was pushed out or not let in, and errors of the disk, a second.',
      kind: 'lines',
      width: 6,
      unit: 'short',
      queries: [
        { expr: 'sum by (tier) (polycdn_cache_entries)', legend: 'in {{tier}}' },
        { expr: 'sum(polycdn_cache_fetches_in_flight)', legend: 'fetches' },
        { expr: sumRate('reason', 'polycdn_cache_evictions_total'), legend: '{{reason}}' },
        { expr: sumRate('problem', 'polycdn_cache_disk_errors_total'), legend: 'disk: {{problem}}' },
      ],
    },
  ],
}
