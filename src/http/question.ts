import { PolycdnError } from '../errors.ts'
import { parseAddress } from '../geo/address.ts'
import type { Question } from '../steering/explain.ts'
import { parseHost } from './host.ts'
import { parseTarget } from './target.ts'

/** What somebody asks `explain` about, as text. */
export interface AskedRequest {
  readonly ip: string
  readonly host: string
  readonly path: string
  readonly method: string
  /** `name: value` each. */
  readonly headers: readonly string[]
}

/** Normalises it as a request would be, so that the answer is about what would happen. */
export function parseQuestion({ ip, host, path, method, headers }: AskedRequest): Question | PolycdnError {
  const client = parseAddress(ip)
  if (client === null) return new PolycdnError('bad_request', `${JSON.stringify(ip)} is not an IP address`)
  const name = parseHost(host)
  if (name instanceof PolycdnError) return name
  const target = parseTarget(path, method)
  if (target instanceof PolycdnError) return target
  const fields = new Map<string, string>()
  for (const header of headers) {
    const colon = header.indexOf(':')
    if (colon < 1) return new PolycdnError('bad_request', `${JSON.stringify(header)} is no header field: name: value`)
    fields.set(header.slice(0, colon).trim().toLowerCase(), header.slice(colon + 1).trim())
  }
  return {
    client,
    host: name.name,
    path: target.matchPath,
    target,
    method,
    header: (field) => fields.get(field) ?? null,
  }
}
