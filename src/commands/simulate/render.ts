import { table } from '../table.ts'
import type { CdnReport, DifferenceReport, SideReport, SimulationReport } from './report.ts'

const NOTHING = '–'
/** Moves beyond are only in the JSON. */
const MOST_MOVES = 20

/** A simulation for people: how it went, each side as a table, and what differs. */
export function renderSimulation(report: SimulationReport): string {
  const { simulated, against, log, differences, moves } = report
  return [
    ...renderLines(report),
    ...(log === null ? [] : ['', 'as the log says', ...renderSide(log)]),
    ...(against === null ? [] : ['', 'against', ...renderSide(against)]),
    '',
    against === null ? 'simulated' : 'new',
    ...renderSide(simulated),
    ...(differences === null ? [] : ['', 'differences', ...renderDifferences(differences), ...renderMoves(moves)]),
  ].join('\n')
}

function renderLines({ lines, from, to }: SimulationReport): string[] {
  const { read, replayed, others, skipped, skipped_because: because, first_skipped: first } = lines
  const told = [`${count(read)} lines: ${count(replayed)} replayed, ${count(skipped)} skipped, ${count(others)} others`]
  if (from !== null) told.push(`from ${from} to ${to}`)
  for (const [why, times] of Object.entries(because)) told.push(`skipped ${count(times)}: ${why}`)
  for (const { line, why } of first) told.push(`  line ${line}: ${why}`)
  return told
}

function renderSide({ unmatched, mean_km: km, reasons, cdns }: SideReport): string[] {
  const columns: readonly (readonly [title: string, cell: (row: CdnReport) => string])[] = [
    ['CDN', ({ cdn }) => cdn],
    ['requests', ({ requests }) => count(requests)],
    ['share', ({ share_percent: share }) => `${share.toFixed(2)} %`],
    ['bytes', ({ bytes }) => byteCount(bytes)],
    ['95th pct', ({ mbps_p95: mbps }) => `${mbps.toFixed(2)} Mbit/s`],
    ['mean', (row) => kilometres(row.mean_km)],
    ['failovers', ({ failovers }) => count(failovers)],
    ['cost', ({ cost }) => (cost === null ? NOTHING : cost.toFixed(2))],
  ]
  const shown = cdns.some(({ cost }) => cost !== null) ? columns : columns.slice(0, -1)
  const rows = [shown.map(([title]) => title), ...cdns.map((row) => shown.map(([, cell]) => cell(row)))]
  const why = Object.entries(reasons).map(([reason, times]) => `${reason} ${count(times)}`)
  return [
    ...table(rows),
    ...(km === null ? [] : [`mean distance ${kilometres(km)}`]),
    ...(why.length === 0 ? [] : [`reasons: ${why.join(', ')}`]),
    ...(unmatched === 0 ? [] : [`no site or route: ${count(unmatched)}`]),
  ]
}

function renderDifferences(differences: readonly DifferenceReport[]): string[] {
  const columns: readonly (readonly [title: string, cell: (row: DifferenceReport) => string])[] = [
    ['CDN', ({ cdn }) => cdn],
    ['share', ({ share_percent: share }) => signed(share, `${Math.abs(share).toFixed(2)} points`)],
    ['bytes', ({ bytes }) => signed(bytes, byteCount(Math.abs(bytes)))],
    ['95th pct', ({ mbps_p95: mbps }) => signed(mbps, `${Math.abs(mbps).toFixed(2)} Mbit/s`)],
    ['mean', ({ mean_km: km }) => (km === null ? NOTHING : signed(km, kilometres(Math.abs(km))))],
    ['failovers', ({ failovers }) => signed(failovers, count(Math.abs(failovers)))],
    ['cost', ({ cost }) => (cost === null ? NOTHING : signed(cost, Math.abs(cost).toFixed(2)))],
  ]
  const shown = differences.some(({ cost }) => cost !== null) ? columns : columns.slice(0, -1)
  return table([shown.map(([title]) => title), ...differences.map((row) => shown.map(([, cell]) => cell(row)))])
}

function renderMoves(moves: SimulationReport['moves']): string[] {
  if (moves.length === 0) return ['no request moves']
  const more = moves.length - MOST_MOVES
  const told = moves
    .slice(0, MOST_MOVES)
    .map(({ from, to, requests }) => `${from} → ${to}: ${count(requests)} requests`)
  return more > 0 ? [...told, `and ${count(more)} more pairs`] : told
}

function signed(value: number, text: string): string {
  return value === 0 ? '0' : `${value < 0 ? '−' : '+'}${text}`
}

function count(value: number): string {
  return value.toLocaleString('en-US')
}

function kilometres(km: number | null): string {
  return km === null ? NOTHING : `${count(Math.round(km))} km`
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const

/** Powers of 1000, as CDNs bill. */
function byteCount(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)))
  return `${(bytes / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${UNITS[power]}`
}
