import type { Snapshot } from '../config/snapshot.ts'
import { PolycdnError } from '../errors.ts'

export interface AdminRequest {
  readonly method?: 'GET' | 'POST'
  /** Sent as JSON. */
  readonly body?: object
  /** How long an answer may take. Milliseconds; default 5,000. */
  readonly patience?: number
}

/**
 * Asks the admin of the gateway that runs with this configuration; of a question that makes no sense, why. Throws
 * admin_unreachable, with what to do instead.
 *
 * @param target the path and the query
 */
export async function askAdmin(
  target: string,
  { admin }: Snapshot,
  { method = 'GET', body: content, patience = 5000 }: AdminRequest = {},
): Promise<Record<string, unknown> | PolycdnError> {
  const name = admin.host.includes(':') ? `[${admin.host}]` : admin.host
  const base = `http://${name}:${admin.port}`
  const headers: Record<string, string> = admin.token === null ? {} : { authorization: `Bearer ${admin.token}` }
  if (content !== undefined) headers['content-type'] = 'application/json'
  const signal = AbortSignal.timeout(patience)
  const sent = content === undefined ? null : JSON.stringify(content)
  const response = await fetch(base + target, { method, headers, body: sent, signal }).catch(() => {
    throw new PolycdnError('admin_unreachable', `no gateway answers at ${base}; is it running? --offline asks none`)
  })
  const body = (await response.json().catch(() => ({}))) as Record<string, unknown>
  if (typeof body.message === 'string' && response.status < 500) return new PolycdnError('bad_request', body.message)
  if (!response.ok) throw new PolycdnError('admin_unreachable', `the gateway at ${base} answered ${response.status}`)
  return body
}
