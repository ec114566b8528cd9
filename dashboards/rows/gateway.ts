import type { RowPlan } from '../plan.ts'
import { rate, SITE, sumRate } from '../promql.ts'

export const GATEWAY: RowPlan = {
  title: 'Gateway',
  height: 7,
  panels: [
    {
      title: 'Last load of the configuration',
      description: 'A failed one leaves the older configuration running.',
      kind: 'stat',
      width: 4,
      unit: 'none',
      states: ['failed', 'good'],
      queries: [{ expr: 'min(polycdn_config_last_reload_successful)', legend: '' }],
    },
    {
      title: 'Age of the configuration',
      description: 'Since the running one was loaded.',
      kind: 'stat',
      width: 5,
      unit: 's',
      queries: [{ expr: 'time() - min(polycdn_config_loaded_timestamp_seconds)', legend: '' }],
    },
    {
      title: 'Age of the geo data',
      description: 'Since its maker built it.',
      kind: 'stat',
      width: 5,
      unit: 's',
      queries: [{ expr: 'time() - min(polycdn_geo_database_build_timestamp_seconds)', legend: '' }],
    },
    {
      title: 'Geo data loaded',
      description: 'Since the database was last read.',
      kind: 'stat',
      width: 5,
      unit: 's',
      queries: [{ expr: 'time() - min(polycdn_geo_database_loaded_timestamp_seconds)', legend: '' }],
    },
    {
      title: 'Running',
      description: 'Versions of the gateway and of Node.',
      kind: 'stat',
      width: 5,
      unit: 'none',
      queries: [{ expr: 'count by (version, node) (polycdn_build_info)', legend: '{{version}} on {{node}}' }],
    },
    {
      title: 'Open',
      description: 'Requests in flight, client connections, upgraded connections.',
      kind: 'lines',
      width: 8,
      unit: 'short',
      queries: [
        { expr: 'sum(polycdn_requests_in_flight)', legend: 'requests' },
        { expr: 'sum(polycdn_connections)', legend: 'connections' },
        { expr: 'sum(polycdn_tunnels)', legend: 'tunnels' },
      ],
    },
    {
      title: 'Reloads',
      description: 'Loads of the configuration and of the geo database, orders of certificates, by result.',
      kind: 'lines',
      width: 8,
      unit: 'short',
      queries: [
        {
          expr: 'sum by (result) (increase(polycdn_config_reloads_total[$__rate_interval]))',
          legend: 'configuration: {{result}}',
        },
        {
          expr: 'sum by (result) (increase(polycdn_geo_reloads_total[$__rate_interval]))',
          legend: 'geo: {{result}}',
        },
        {
          expr: 'sum by (result) (increase(polycdn_tls_renewals_total[$__rate_interval]))',
          legend: 'certificates: {{result}}',
        },
      ],
    },
    {
      title: 'Geo look-ups',
      description: 'In the look-up cache.',
      kind: 'stacked',
      width: 8,
      unit: 'ops',
      queries: [{ expr: sumRate('result', 'polycdn_geo_lookups_total'), legend: '{{result}}' }],
    },
    {
      title: 'Event loop lag, p99',
      description: 'Of the process that controls; with one process, above some 50 ms every request waits.',
      kind: 'lines',
      width: 6,
      unit: 's',
      queries: [{ expr: 'max by (instance) (nodejs_eventloop_lag_p99_seconds)', legend: '{{instance}}' }],
    },
    {
      title: 'Memory',
      description: 'Resident, and the heap in use, of the process that controls.',
      kind: 'lines',
      width: 6,
      unit: 'bytes',
      queries: [
        { expr: 'max by (instance) (process_resident_memory_bytes)', legend: '{{instance}} resident' },
        { expr: 'max by (instance) (nodejs_heap_size_used_bytes)', legend: '{{instance}} heap' },
      ],
    },
    {
      title: 'Lost',
      description: 'Log lines whose reader was too slow, values that a scrape could not read.',
      kind: 'lines',
      width: 6,
      unit: 'ops',
      queries: [
        { expr: `sum(${rate('polycdn_log_lines_dropped_total')})`, legend: 'log lines' },
        { expr: `sum(${rate('polycdn_scrape_errors_total')})`, legend: 'values' },
      ],
    },
    {
      title: 'Processes',
      description: 'That serve, and those that had to be replaced.',
      kind: 'lines',
      width: 6,
      unit: 'short',
      queries: [
        { expr: 'sum by (instance) (polycdn_workers)', legend: '{{instance}}' },
        { expr: 'sum(increase(polycdn_worker_restarts_total[$__rate_interval]))', legend: 'replaced' },
      ],
    },
    {
      title: 'Turned away',
      description:
        'Requests beyond what a policy allows one client (429), and those shed because something is short (503).',
      kind: 'lines',
      width: 12,
      unit: 'ops',
      queries: [
        { expr: sumRate('policy', 'polycdn_rate_limited_total', SITE), legend: '429: {{policy}}' },
        { expr: sumRate('reason', 'polycdn_shed_requests_total'), legend: '503: {{reason}}' },
      ],
    },
    {
      title: 'Certificates end in',
      description: 'Those that are ordered, the next one first.',
      kind: 'lines',
      width: 12,
      unit: 's',
      queries: [
        {
          expr: 'bottomk(10, min by (name) (polycdn_tls_certificate_expiry_timestamp_seconds) - time())',
          legend: '{{name}}',
        },
      ],
    },
  ],
}
