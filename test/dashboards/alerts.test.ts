import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { parse } from 'yaml'
import { Metrics } from '../../src/observe/metrics.ts'
import { requireProgram, skipUnless } from '../helpers/programs.ts'
import { problem, uses } from './expressions.ts'

interface Rule {
  readonly alert: string
  readonly expr: string
  readonly labels: { readonly severity: string }
  readonly annotations: { readonly summary: string; readonly description: string }
}

const path = fileURLToPath(new URL('../../dashboards/alerts.yaml', import.meta.url))
const rules = parse(readFileSync(path, 'utf8')).groups.flatMap((group: { rules: Rule[] }) => group.rules) as Rule[]

/** Series that make an alert fire (`bad`) and such that do not (`good`), one sample a minute. */
const CASES: Record<string, { readonly bad: Series; readonly good: Series; readonly labels: Labels }> = {
  PolycdnCdnDown: {
    bad: {
      'polycdn_endpoint_healthy{instance="g",cdn="a",endpoint="1"}': '0x90',
      'polycdn_endpoint_healthy{instance="g",cdn="a",endpoint="2"}': '0x90',
    },
    good: {
      'polycdn_endpoint_healthy{instance="g",cdn="a",endpoint="1"}': '0x90',
      'polycdn_endpoint_healthy{instance="g",cdn="a",endpoint="2"}': '1x90',
      'polycdn_endpoint_healthy{instance="g",cdn="origin",endpoint="3"}': '0x90',
    },
    labels: { instance: 'g', cdn: 'a' },
  },
  PolycdnFailoverRatioHigh: ratio('polycdn_failovers_total{instance="g",from="a",to="b",reason="x"}', 6, 4, 'instance'),
  PolycdnResponsesAborted: ratio('polycdn_aborted_responses_total{site="g",cdn="a"}', 1, 0, 'site'),
  PolycdnServerErrors: ratio('polycdn_requests_total{site="g",cdn="b",code="5xx"}', 6, 4, 'site'),
  PolycdnConfigReloadFailed: {
    bad: { 'polycdn_config_last_reload_successful{instance="g"}': '0x90' },
    good: { 'polycdn_config_last_reload_successful{instance="g"}': '1x90' },
    labels: { instance: 'g' },
  },
  PolycdnNobodyServes: {
    bad: { 'polycdn_workers{instance="g"}': '0x90' },
    good: { 'polycdn_workers{instance="g"}': '1x90' },
    labels: { instance: 'g' },
  },
  PolycdnEndpointLies: {
    bad: { 'polycdn_endpoint_corrupt{instance="g",cdn="a",endpoint="1"}': '0x10 1x80' },
    good: { 'polycdn_endpoint_corrupt{instance="g",cdn="a",endpoint="1"}': '1x10 0x80' },
    labels: { instance: 'g', cdn: 'a', endpoint: '1' },
  },
  PolycdnPurgeFailed: {
    bad: { 'polycdn_cdn_purges_total{instance="g",cdn="a",result="failed"}': '0x10 0+1x80' },
    good: {
      'polycdn_cdn_purges_total{instance="g",cdn="a",result="failed"}': '3x90',
      'polycdn_cdn_purges_total{instance="g",cdn="a",result="purged"}': '0+1x90',
    },
    labels: { instance: 'g', cdn: 'a' },
  },
  PolycdnManifestEndsSoon: {
    bad: { 'polycdn_manifest_expiry_timestamp_seconds{instance="g",site="a"}': `${2 * 86_400}x90` },
    good: { 'polycdn_manifest_expiry_timestamp_seconds{instance="g",site="a"}': `${4 * 86_400}x90` },
    labels: { instance: 'g', site: 'a' },
  },
  PolycdnCertificateEndsSoon: {
    bad: { 'polycdn_tls_certificate_expiry_timestamp_seconds{instance="g",name="a"}': `${6 * 86_400}x90` },
    good: { 'polycdn_tls_certificate_expiry_timestamp_seconds{instance="g",name="a"}': `${8 * 86_400}x90` },
    labels: { instance: 'g', name: 'a' },
  },
  PolycdnGeoDatabaseOld: {
    // promtool's clock starts at 0.
    bad: { 'polycdn_geo_database_build_timestamp_seconds{instance="g"}': `${-271 * 86_400}x90` },
    good: { 'polycdn_geo_database_build_timestamp_seconds{instance="g"}': `${-269 * 86_400}x90` },
    labels: { instance: 'g' },
  },
}

type Series = Readonly<Record<string, string>>
type Labels = Readonly<Record<string, string>>

/** `bad` and `good` are events a minute besides 100 good requests. */
function ratio(series: string, bad: number, good: number, label: string) {
  const requests = { [`polycdn_requests_total{${label}="g",cdn="a",code="2xx"}`]: '0+100x90' }
  const with_ = (events: number) => ({ ...requests, [series]: `0+${events}x90` })
  return { bad: with_(bad), good: with_(good), labels: { [label]: 'g' } }
}

/** The rows of promtool's unit test for one alert. Only names and labels are compared. */
function unitTest(rule: Rule, fires: boolean) {
  const { bad, good, labels } = CASES[rule.alert]!
  return {
    interval: '1m',
    input_series: Object.entries(fires ? bad : good).map(([series, values]) => ({ series, values })),
    promql_expr_test: [
      {
        expr: `count by (${Object.keys(labels).join(', ')}) (ALERTS{alertname="${rule.alert}",alertstate="firing"})`,
        eval_time: '80m',
        exp_samples: fires ? [{ labels: labelText(labels), value: 1 }] : [],
      },
    ],
  }
}

function labelText(labels: Labels): string {
  return `{${Object.entries(labels)
    .map(([name, value]) => `${name}="${value}"`)
    .join(', ')}}`
}

t.test('alerts use only metrics and labels that exist, and say what they mean', async (t) => {
  const metrics = new Metrics({ version: '', node: '' }, { processMetrics: false })
  for (const { alert, expr, labels, annotations } of rules) {
    t.ok(uses(expr).length > 0, alert)
    for (const use of uses(expr)) t.equal(problem(metrics, use), null, alert)
    for (const use of uses(annotations.description)) t.equal(problem(metrics, use), null, alert)
    t.match(labels.severity, /^(info|warning|critical)$/)
    t.ok(annotations.summary)
  }
  t.strictSame(rules.map(({ alert }) => alert).sort(), Object.keys(CASES).sort(), 'each has a case below')
})

t.test('Prometheus accepts the rules, and each fires when it should and only then', async (t) => {
  if (!skipUnless(t, 'promtool')) return
  const tests = rules.flatMap((rule) => [unitTest(rule, true), unitTest(rule, false)])
  const dir = t.testdir({ 'test.yaml': JSON.stringify({ rule_files: [path], evaluation_interval: '1m', tests }) })
  const check = spawnSync(requireProgram('promtool'), ['check', 'rules', path], { encoding: 'utf8' })
  t.equal(check.status, 0, check.stderr)
  t.match(check.stdout, `${rules.length} rules found`)
  const run = spawnSync(requireProgram('promtool'), ['test', 'rules', join(dir, 'test.yaml')], { encoding: 'utf8' })
  t.equal(run.status, 0, run.stdout + run.stderr)
})
