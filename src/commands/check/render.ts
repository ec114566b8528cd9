import { enumerate, shown } from '../../delivery/compare-text.ts'
import type { EndpointReport } from './endpoint-report.ts'
import type { ResumeReport } from './resumes.ts'
import type { TlsReport } from './tls.ts'
import type { UrlReport } from './url-report.ts'

const NOTHING = '–'
const MAX_LINE = 2000

/** A report for people: a table, what differs, and where a body may break off. */
export function renderReport(report: UrlReport): string {
  const { url, site, route, policy, endpoints, disagreements, resume, notes, ok } = report
  const failures = endpoints.flatMap(({ name, tls }) => (tls?.error ? [`TLS with ${name} fails: ${tls.error}`] : []))
  const sentences = [...failures, ...disagreements.map(({ text }) => text)]
  const lines = [
    `${url}  site ${site}, route ${route}, policy ${policy}`,
    '',
    ...table([
      COLUMNS.map(([title]) => title),
      ...endpoints.map((endpoint) => COLUMNS.map(([, cell]) => cell(endpoint))),
    ]),
    '',
    ...(sentences.length === 0 ? ['All of them agree.'] : sentences.map((text) => `✗ ${text}`)),
    ...notes.map((text) => `· ${text}`),
    ...(resume.length === 0 ? [] : ['', ...matrix(resume), '', ...reasons(resume)]),
    '',
    ok ? 'ok' : 'not ok',
  ]
  return lines.map((line) => shown(line, MAX_LINE)).join('\n')
}

const COLUMNS: readonly (readonly [title: string, cell: (endpoint: EndpointReport) => string])[] = [
  ['CDN', ({ cdn }) => cdn],
  ['URL', ({ url }) => shown(url)],
  ['TLS', ({ tls }) => tlsCell(tls)],
  ['status', ({ status, error }) => `${error ?? status}`],
  [
    'ETag',
    ({ etag, etag_strength: strength }) => (etag === null ? (strength ?? NOTHING) : `${strength} ${shown(etag, 30)}`),
  ],
  ['length', ({ length }) => `${length ?? NOTHING}`],
  ['encoding', ({ encoding, status }) => (status === null ? NOTHING : shown(encoding ?? 'identity', 20))],
  ['Cache-Control', ({ cache_control: caching }) => (caching === null ? NOTHING : shown(caching, 40))],
  ['Range', ({ range }) => range ?? NOTHING],
  ['SHA-256', ({ sha256 }) => sha256?.slice(0, 12) ?? NOTHING],
  ['first byte', ({ first_byte_ms: ms }) => (ms === null ? NOTHING : `${ms} ms`)],
]

function tlsCell(tls: TlsReport | null): string {
  if (tls === null) return NOTHING
  if (tls.protocol === null) return shown(tls.error!.split(':')[0]!)
  const until = tls.valid_until === null ? '' : ` until ${tls.valid_until.slice(0, 10)}`
  return `${tls.protocol}${until}${tls.verified ? '' : ', not verified'}`
}

const CELLS = { works: 'yes', refused: 'no', wrong: 'WRONG' } as const

function matrix(resume: readonly ResumeReport[]): string[] {
  const targets = [...new Set(resume.map(({ to }) => to))]
  const sources = [...new Set(resume.map(({ from }) => from))]
  const cell = (from: string, to: string) => {
    const found = resume.find((each) => each.from === from && each.to === to)
    return found === undefined ? NOTHING : CELLS[found.result]
  }
  const rows = sources.map((from) => [from, ...targets.map((to) => cell(from, to))])
  return table([['resume from ↓ at →', ...targets], ...rows])
}

/** What is refused for one reason is one line. */
function reasons(resume: readonly ResumeReport[]): string[] {
  const bad = resume.filter(({ result }) => result !== 'works')
  if (bad.length === 0) return ['A body that breaks off anywhere is resumed.']
  const groups = Map.groupBy(bad, ({ from, why }) => `${from}\n${why}`)
  return [...groups.values()].map((group) => {
    const { from, why, result } = group[0]!
    const at = enumerate(group.map(({ to }) => to))
    return `✗ ${from} → ${at}: ${result === 'wrong' ? 'WRONG' : 'no'}, ${why}`
  })
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  )
}
