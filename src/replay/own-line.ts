import type { Happened, LogEntry, NoEntry } from './log-entry.ts'

const wrong = (why: string): NoEntry => ({ why })
const NOT_JSON = wrong('no valid JSON')
const NOT_OURS = wrong('JSON, but no access line of polycdn')
const NO_CLIENT = wrong('no client address in it (log.client_ip: none)')

/** The end of the year 9999, with which calendars end. Milliseconds. */
const LATEST = Date.UTC(10_000, 0, 1)
/** No configuration has a name that is longer. */
const LONGEST_NAME = 64

/** A path that was too long for the log ends in this. */
const CUT = '…'

/** Reads a line of our own log, which docs/logging.md describes. */
export function readOwnLine(line: string): LogEntry | NoEntry {
  let record: Record<string, unknown>
  try {
    record = JSON.parse(line)
  } catch {
    return NOT_JSON
  }
  const { time, client, method, host, path, bytes } = record
  if (typeof record.event === 'string') return null
  if (client === null) return NO_CLIENT
  const texts = typeof client === 'string' && typeof method === 'string' && typeof host === 'string'
  if (!texts || typeof path !== 'string' || !isCount(time) || time >= LATEST || !isCount(bytes)) return NOT_OURS
  const target = path.endsWith(CUT) ? path.slice(0, -1) : path
  const agent = record.user_agent
  const userAgent = typeof agent === 'string' ? agent : null
  return { time, client, method, host, target, bytes, userAgent, referer: null, happened: readHappened(record) }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER
}

function readHappened({ cdn, attempts }: Record<string, unknown>): Happened {
  const failedAt: string[] = []
  for (const attempt of Array.isArray(attempts) ? attempts : []) {
    if (isName(attempt?.cdn) && FAILED.has(attempt.outcome)) failedAt.push(attempt.cdn)
  }
  return { servedBy: isName(cdn) ? cdn : 'none', failedAt }
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value.length <= LONGEST_NAME
}

const FAILED: ReadonlySet<unknown> = new Set(['failed', 'corrupt', 'refused', 'absent'])
