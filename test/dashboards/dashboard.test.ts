import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { buildDashboard } from '../../dashboards/dashboard.ts'
import { Metrics } from '../../src/observe/metrics.ts'
import { requireProgram, skipUnless } from '../helpers/programs.ts'
import { problem, uses } from './expressions.ts'

interface Panel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[]
  readonly datasource?: { readonly uid: string }
}

const committed = readFileSync(new URL('../../dashboards/polycdn.json', import.meta.url), 'utf8')
const panels = JSON.parse(committed).panels as readonly Panel[]
const expressions = panels.flatMap((panel) => (panel.targets ?? []).map(({ expr }) => ({ title: panel.title, expr })))
const metrics = new Metrics({ version: '', node: '' })

t.test('the committed file is what the code builds (npm run dashboards)', async (t) => {
  t.equal(committed, `${JSON.stringify(buildDashboard(), null, 2)}\n`)
})

t.test('panels use only metrics and labels that exist', async (t) => {
  t.ok(expressions.length > 25)
  for (const { title, expr } of expressions) {
    t.ok(uses(expr).length > 0, `${title}: ${expr}`)
    for (const use of uses(expr)) t.equal(problem(metrics, use), null, title)
  }
})

t.test('that check sees mistakes', async (t) => {
  const problems = (expr: string) => uses(expr).map((use) => problem(metrics, use))
  t.strictSame(problems('sum(rate(polycdn_request_total[5m])) / sum(nodejs_nothing)'), [
    'polycdn_request_total does not exist',
    'nodejs_nothing does not exist',
  ])
  t.strictSame(problems('polycdn_first_byte_seconds'), ['polycdn_first_byte_seconds does not exist'])
  t.strictSame(problems('rate(polycdn_attempts_total{site=~"x",cdn!="y"}[5m])'), [
    'polycdn_attempts_total has no label site',
  ])
  t.strictSame(problems('sum by (le, cdn) (polycdn_request_duration_seconds_bucket)'), [
    'polycdn_request_duration_seconds_bucket has no label cdn',
  ])
})

t.test('every instrument has a panel', async (t) => {
  const drawn = new Set(
    expressions.flatMap(({ expr }) => uses(expr)).map(({ metric }) => metric.replace(/_bucket$/, '')),
  )
  t.strictSame(
    metrics.instruments.map(({ name }) => name).filter((name) => !drawn.has(name)),
    [],
  )
})

t.test('legends and variables name labels that the query keeps', async (t) => {
  for (const { title, targets } of panels) {
    for (const { expr, legendFormat } of targets ?? []) {
      const kept = /\bby \(([^)]*)\)/.exec(expr)?.[1]?.split(', ') ?? []
      for (const [, label] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) t.ok(kept.includes(label!), `${title}: ${label}`)
    }
  }
  const variables = JSON.parse(committed).templating.list as { name: string; type: string }[]
  t.strictSame(
    variables.map(({ name }) => name),
    ['datasource', 'site', 'cdn'],
  )
  t.ok(panels.every(({ type, datasource }) => type === 'row' || datasource?.uid === '$datasource'))
})

t.test('panels stay within 24 columns and apart from each other', async (t) => {
  t.equal(new Set(panels.map(({ id }) => id)).size, panels.length)
  for (const [index, { title, gridPos: a }] of panels.entries()) {
    t.ok(a.x >= 0 && a.w > 0 && a.h > 0 && a.x + a.w <= 24, title)
    for (const { title: other, gridPos: b } of panels.slice(index + 1)) {
      const apart = a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y
      t.ok(apart, `${title}, ${other}`)
    }
  }
})

t.test('Prometheus parses every expression', async (t) => {
  if (!skipUnless(t, 'promtool')) return
  const rules = expressions.map(({ expr }, index) => ({
    record: `panel:${index}`,
    expr: expr.replaceAll('$__rate_interval', '5m').replace(/\$\w+/g, '.*'),
  }))
  // JSON is YAML.
  const dir = t.testdir({ 'rules.yaml': JSON.stringify({ groups: [{ name: 'panels', rules }] }) })
  const check = spawnSync(requireProgram('promtool'), ['check', 'rules', join(dir, 'rules.yaml')], { encoding: 'utf8' })
  t.equal(check.status, 0, check.stderr)
  t.match(check.stdout, `${rules.length} rules found`)
})
