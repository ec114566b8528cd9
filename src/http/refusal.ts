import { STATUS_CODES } from 'node:http'
import type { AttemptRecord } from '../delivery/outcome.ts'
import { statusOf } from '../delivery/outcome.ts'
import type { ResponseWriter } from '../delivery/writer.ts'
import { ERRORS, type ErrorCode } from '../errors.ts'
import { PROXY_NAME } from './headers.ts'

/** Seconds; nothing that could be tried now may be back by then. */
const RETRY_AFTER = '5'

/** What a refusal says, besides its code. */
export interface Refusal {
  readonly code: ErrorCode
  /** One sentence; safe to show. */
  readonly message: string
  readonly method: string
  readonly records: readonly AttemptRecord[]
  /** The request's content was not read, so the connection cannot be used again. */
  readonly close: boolean
  /** More header fields, a flat list. */
  readonly fields?: readonly string[]
}

/** Answers with a status and a few words of plain text. Returns the status. */
export function refuse(writer: ResponseWriter, refusal: Refusal): number {
  const { status } = ERRORS[refusal.code]
  const body = `${status} ${STATUS_CODES[status]}: ${refusal.message} (${refusal.code})\n`
  const headers = [
    'content-type',
    'text/plain; charset=utf-8',
    'content-length',
    String(Buffer.byteLength(body)),
    'cache-control',
    'no-store',
    'x-content-type-options',
    'nosniff',
  ]
  if (ERRORS[refusal.code].fault === 'upstream')
    headers.push('proxy-status', proxyStatus(refusal.code, refusal.records))
  if (status === 503) headers.push('retry-after', RETRY_AFTER)
  if (status === 405) headers.push('allow', 'GET, HEAD')
  if (refusal.fields !== undefined) headers.push(...refusal.fields)
  if (refusal.close) writer.closeAfter()
  writer.head(status, headers)
  if (refusal.method === 'HEAD') writer.end()
  else writer.end(body)
  return status
}

/** RFC 9209: our name with the error type and the next hop that failed last. */
export function proxyStatus(code: ErrorCode, records: readonly AttemptRecord[]): string {
  const last = records.at(-1)
  const hop = last === undefined ? '' : `; next-hop=${item(last.endpoint.cdnName)}`
  const status = last === undefined ? null : statusOf(last.outcome)
  if (status !== null) return `${PROXY_NAME}; received-status=${status}${hop}`
  return `${PROXY_NAME}; ${errorOf(code)}${hop}`
}

/** RFC 9209 section 2.3 has no types for proofs: the answer was no good, and `details` says why. */
function errorOf(code: ErrorCode): string {
  return code.startsWith('content_') ? `error=http_protocol_error; details="${code}"` : `error=${code}`
}

/** RFC 9651 section 3.3.4: a token begins with a letter; other names of CDNs are strings, which need no escapes. */
function item(name: string): string {
  return /^[A-Za-z]/.test(name) ? name : `"${name}"`
}
