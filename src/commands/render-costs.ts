import type { Statement } from '../costs/ledger.ts'

const HEAD = ['CDN', 'month', 'GB', 'estimated', 'requests', 'p95 Mbit/s', 'commit', 'so far', 'projected']

/** The statements as a table for people, with a row for their sums where that means something. */
export function renderCosts(statements: readonly Statement[]): string {
  const rows = statements.map(rowOf)
  const sum = (key: 'cost' | 'projected_cost') => statements.reduce((total, one) => total + one[key], 0).toFixed(2)
  const total = ['all', '', '', '', '', '', '', sum('cost'), sum('projected_cost')]
  const table = [HEAD, ...rows, ...(rows.length > 1 ? [total] : [])]
  const widths = HEAD.map((_, column) => Math.max(...table.map((row) => row[column]!.length)))
  return table
    .map((row) =>
      row
        .map((cell, column) => pad(cell, column, widths))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** Names to the left, numbers to the right. */
function pad(cell: string, column: number, widths: readonly number[]): string {
  return column < 2 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)
}

function rowOf(statement: Statement): string[] {
  const { bytes, estimated_bytes: estimated, requests } = statement
  return [
    statement.cdn,
    statement.month,
    (bytes / 1e9).toFixed(3),
    bytes === 0 ? '' : `${Math.round((100 * estimated) / bytes)} %`,
    String(requests),
    statement.p95_mbps.toFixed(3),
    commitOf(statement),
    statement.cost.toFixed(2),
    statement.projected_cost.toFixed(2),
  ]
}

function commitOf({ commit }: Statement): string {
  if (commit === null) return 'none'
  return 'mbps' in commit ? `${commit.mbps} Mbit/s` : `${commit.gb} GB`
}
