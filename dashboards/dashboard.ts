import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import * as common from '@grafana/grafana-foundation-sdk/common'
import * as board from '@grafana/grafana-foundation-sdk/dashboard'
import * as prometheus from '@grafana/grafana-foundation-sdk/prometheus'
import * as stat from '@grafana/grafana-foundation-sdk/stat'
import * as statetimeline from '@grafana/grafana-foundation-sdk/statetimeline'
import * as timeseries from '@grafana/grafana-foundation-sdk/timeseries'
import type { PanelPlan, RowPlan } from './plan.ts'
import { CACHE } from './rows/cache.ts'
import { COMPRESSION } from './rows/compression.ts'
import { COSTS } from './rows/costs.ts'
import { GATEWAY } from './rows/gateway.ts'
import { HEALTH } from './rows/health.ts'
import { LATENCY } from './rows/latency.ts'
import { PROOFS } from './rows/proofs.ts'
import { PURGES } from './rows/purges.ts'
import { STEERING } from './rows/steering.ts'
import { TRAFFIC } from './rows/traffic.ts'

const ROWS: readonly RowPlan[] = [
  TRAFFIC,
  LATENCY,
  STEERING,
  CACHE,
  PURGES,
  COMPRESSION,
  HEALTH,
  PROOFS,
  COSTS,
  GATEWAY,
]

const COLUMNS = 24
const SOURCE: common.DataSourceRef = { type: 'prometheus', uid: '$datasource' }
const ALL: board.VariableOption = { selected: true, text: 'All', value: '$__all' }

/** The dashboard as Grafana's JSON: the rows, placed explicitly from left to right and top to bottom. */
export function buildDashboard(): board.Dashboard {
  const builder = new board.DashboardBuilder('polycdn')
    .uid('polycdn')
    .description('Which CDN served, why, how fast, and what failed.')
    .tags(['polycdn', 'cdn'])
    .tooltip(board.DashboardCursorSync.Crosshair)
    .refresh('30s')
    .time({ from: 'now-3h', to: 'now' })
    .timezone('browser')
    .withVariable(new board.DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'))
    .withVariable(labelVariable('site', 'Site'))
    .withVariable(labelVariable('cdn', 'CDN'))
  place(builder)
  return builder.build()
}

function place(builder: board.DashboardBuilder): void {
  let y = 0
  let id = 1
  for (const row of ROWS) {
    builder.withRow(new board.RowBuilder(row.title).id(id++).gridPos({ x: 0, y: y++, w: COLUMNS, h: 1 }))
    let x = 0
    for (const plan of row.panels) {
      if (x + plan.width > COLUMNS) {
        x = 0
        y += row.height
      }
      builder.withPanel(panel(plan, id++, { x, y, w: plan.width, h: row.height }))
      x += plan.width
    }
    y += row.height
  }
}

function labelVariable(label: string, title: string): board.QueryVariableBuilder {
  return new board.QueryVariableBuilder(label)
    .label(title)
    .query({ query: `label_values(polycdn_requests_total, ${label})`, refId: label })
    .datasource(SOURCE)
    .refresh(board.VariableRefresh.OnTimeRangeChanged)
    .sort(board.VariableSort.AlphabeticalAsc)
    .multi(true)
    .includeAll(true)
    .allValue('.*')
    .current(ALL)
}

function panel(plan: PanelPlan, id: number, gridPos: board.GridPos): Builder<board.Panel> {
  const builder = ofKind(plan)
    .id(id)
    .title(plan.title)
    .description(plan.description)
    .datasource(SOURCE)
    .gridPos(gridPos)
    .unit(plan.unit)
  if (plan.states !== undefined) builder.mappings(mappings(plan.states))
  for (const [index, { expr, legend }] of plan.queries.entries()) {
    const query = new prometheus.DataqueryBuilder().refId(String.fromCharCode(65 + index)).expr(expr)
    builder.withTarget(plan.kind === 'stat' ? query.instant().legendFormat(legend) : query.range().legendFormat(legend))
  }
  return builder
}

function ofKind(plan: PanelPlan): timeseries.PanelBuilder | statetimeline.PanelBuilder | stat.PanelBuilder {
  if (plan.kind === 'stat') {
    const named = plan.queries[0]?.legend !== ''
    return new stat.PanelBuilder()
      .graphMode(common.BigValueGraphMode.None)
      .colorMode(plan.states === undefined ? common.BigValueColorMode.None : common.BigValueColorMode.Background)
      .textMode(named ? common.BigValueTextMode.Name : common.BigValueTextMode.Auto)
      .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']))
  }
  if (plan.kind === 'timeline') {
    return new statetimeline.PanelBuilder().showValue(common.VisibilityMode.Never).mergeValues(true)
  }
  const lines = new timeseries.PanelBuilder()
    .min(0)
    .showPoints(common.VisibilityMode.Never)
    .legend(new common.VizLegendOptionsBuilder().showLegend(true).displayMode(common.LegendDisplayMode.List))
    .tooltip(new common.VizTooltipOptionsBuilder().mode(common.TooltipDisplayMode.Multi))
  if (plan.kind === 'lines') return lines
  return lines.fillOpacity(30).stacking(new common.StackingConfigBuilder().mode(common.StackingMode.Normal))
}

function mappings([zero, one]: readonly [string, string]): board.ValueMapping[] {
  return [
    {
      type: board.MappingType.ValueToText,
      options: { '0': { text: zero, color: 'red', index: 0 }, '1': { text: one, color: 'green', index: 1 } },
    },
  ]
}
