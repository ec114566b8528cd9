import type { ErrorCode } from '../errors.ts'
import { jsonLine, jsonText } from './json-line.ts'
import { cut } from './loggable.ts'
import type { LineSink } from './sink.ts'

export type AttemptOutcome = 'served' | 'absent' | 'refused' | 'failed' | 'corrupt' | 'aborted'

export interface AttemptRecord {
  readonly cdn: string
  /** The base URL of the endpoint. */
  readonly endpoint: string
  readonly outcome: AttemptOutcome
  /** Why it failed. */
  readonly code: ErrorCode | null
  /** What the endpoint answered, if it did. */
  readonly status: number | null
  /** To response headers or to the failure. */
  readonly ms: number
  /** Redirects that were followed. */
  readonly hops: number
}

/** One request. The names are those of the log line; docs/logging.md explains them. */
export interface AccessRecord {
  /** When the request began: milliseconds since the epoch. */
  readonly time: number
  /** null: no Site has this host. */
  readonly site: string | null
  readonly route: string | null
  /** Already truncated as `log.client_ip` says; null for none. */
  readonly client: string | null
  readonly method: string
  readonly host: string
  /** A query is cut off here: queries hold secrets. */
  readonly path: string
  readonly protocol: string
  readonly status: number
  /** Body bytes written. */
  readonly bytes: number
  readonly duration_ms: number
  /** null: no byte was sent. */
  readonly ttfb_ms: number | null
  /** Who served it: a Cdn, `origin`, or null. */
  readonly cdn: string | null
  readonly endpoint: string | null
  /** Of the Decision. */
  readonly reason: string | null
  readonly attempts: readonly AttemptRecord[]
  /** What the cache had to do with it; null: nothing is cached under its policy. */
  readonly cache: string | null
  readonly error: ErrorCode | null
  readonly user_agent: string | null
  /** The body was visibly cut. */
  readonly aborted: boolean
}

const MAX = { method: 32, host: 256, path: 2048, endpoint: 256, userAgent: 256, attempts: 16 }

/**
 * One JSON line a request. What clients send is cut and escaped: no byte of it can end or forge a line. What
 * many lines share is joined and not added up: it is put together once, and not with each of them.
 */
export class AccessLog {
  readonly #sink: LineSink
  /** What the next line begins with too, most often. */
  #begin: Begin = { site: null, route: null, client: null, method: '', host: '', text: '' }
  /** And what it ends with, where nobody was asked. */
  #end: End | null = null

  constructor(sink: LineSink) {
    this.#sink = sink
  }

  write(record: AccessRecord): void {
    if (!hasBegin(record, this.#begin)) this.#begin = beginOf(record)
    this.#sink.write(accessLine(record, this.#begin.text, this.#endOf(record)))
  }

  #endOf(record: AccessRecord): string {
    if (record.attempts.length > 0) return endText(record)
    if (this.#end === null || !hasEnd(record, this.#end)) this.#end = endOf(record)
    return this.#end.text
  }
}

interface Begin extends Pick<AccessRecord, 'site' | 'route' | 'client' | 'method' | 'host'> {
  /** As it stands in a line, behind the time. */
  readonly text: string
}

function hasBegin(record: AccessRecord, { site, route, client, method, host, text }: Begin): boolean {
  const isSame = record.host === host && record.client === client && record.method === method
  return isSame && record.site === site && record.route === route && text !== ''
}

function beginOf({ site, route, client, method, host }: AccessRecord): Begin {
  const text = [
    `,"site":${textOf(site)},"route":${textOf(route)},"client":${textOf(client)}`,
    `,"method":${jsonText(cut(method, MAX.method))},"host":${jsonText(cut(host, MAX.host))}`,
  ].join('')
  return { site, route, client, method, host, text }
}

interface End extends Pick<AccessRecord, 'cdn' | 'endpoint' | 'reason' | 'cache' | 'error' | 'user_agent' | 'aborted'> {
  /** As it stands in a line, from the comma in front of it on. */
  readonly text: string
}

function hasEnd(record: AccessRecord, { cdn, endpoint, reason, cache, error, user_agent, aborted }: End): boolean {
  const isSame = record.user_agent === user_agent && record.cache === cache && record.endpoint === endpoint
  const isRest = record.cdn === cdn && record.reason === reason && record.error === error && record.aborted === aborted
  return isSame && isRest
}

function endOf(record: AccessRecord): End {
  const { cdn, endpoint, reason, cache, error, user_agent, aborted } = record
  return { cdn, endpoint, reason, cache, error, user_agent, aborted, text: endText(record) }
}

/** Written out: JSON.stringify takes three times as long, which a cached answer would pay for. */
function accessLine(record: AccessRecord, begin: string, end: string): string {
  return (
    `{"time":${Math.round(record.time)}${begin},"path":${jsonText(cut(withoutQuery(record.path), MAX.path))}` +
    `,"protocol":${jsonText(record.protocol)},"status":${record.status},"bytes":${record.bytes}` +
    `,"duration_ms":${tenths(record.duration_ms)},"ttfb_ms":${record.ttfb_ms === null ? null : tenths(record.ttfb_ms)}${end}`
  )
}

function endText({ attempts, user_agent, ...record }: AccessRecord): string {
  const agent = user_agent === null ? null : cut(user_agent, MAX.userAgent)
  return [
    `,"cdn":${textOf(record.cdn)},"endpoint":${textOf(record.endpoint)},"reason":${textOf(record.reason)}`,
    `,"attempts":${attempts.length === 0 ? '[]' : attemptsText(attempts)},"cache":${textOf(record.cache)}`,
    `,"error":${textOf(record.error)},"user_agent":${textOf(agent)},"aborted":${record.aborted}}`,
  ].join('')
}

function textOf(value: string | null): string {
  return value === null ? 'null' : jsonText(value)
}

function attemptsText(attempts: readonly AttemptRecord[]): string {
  const shown = attempts.slice(0, MAX.attempts).map((attempt) => ({
    cdn: attempt.cdn,
    endpoint: cut(attempt.endpoint, MAX.endpoint),
    outcome: attempt.outcome,
    code: attempt.code,
    status: attempt.status,
    ms: tenths(attempt.ms),
    hops: attempt.hops,
  }))
  return jsonLine(shown)
}

function withoutQuery(path: string): string {
  const query = path.indexOf('?')
  return query === -1 ? path : path.slice(0, query)
}

function tenths(ms: number): number {
  return Math.round(ms * 10) / 10
}
