import type { Endpoint, HeaderEdit } from '../config/snapshot.ts'
import type { ResponseHead } from '../delivery/attempt.ts'
import type { Admitted } from './exchange.ts'
import { clientHeaders } from './headers.ts'
import { rewriteLocation } from './location.ts'

/**
 * The header fields of an endpoint's answer as the client receives them: a flat list.
 *
 * @param own what the gateway adds, a flat list
 */
export function answerHeaders(
  admitted: Admitted,
  endpoint: Endpoint,
  head: { readonly status: number; readonly rawHeaders: readonly (Buffer | string)[] },
  own: readonly string[],
): string[] {
  const { site, route } = admitted
  const edits = [endpoint.cdn?.headers.response ?? site.origin?.headers.response ?? null, route.policy.headers.response]
  const headers = clientHeaders(head.rawHeaders, edits, own)
  if (head.status === 204) removeLength(headers)
  if (head.status === 201 || (head.status >= 300 && head.status < 400)) rewriteLocation(headers, admitted, endpoint)
  return headers
}

/**
 * The header fields of an interim answer as the client receives them: a flat list. What is set in every final answer is
 * not the upstream's to say here.
 */
export function interimHeaders(
  { site, route }: Admitted,
  { cdn }: Endpoint,
  { rawHeaders }: Pick<ResponseHead, 'rawHeaders'>,
): string[] {
  const edits = [cdn?.headers.response ?? site.origin?.headers.response ?? null, route.policy.headers.response]
  return clientHeaders(rawHeaders, edits.map(hiding), [])
}

function hiding(edit: HeaderEdit | null): HeaderEdit | null {
  return edit === null ? null : { remove: [...edit.remove, ...edit.set.map(([name]) => name)], set: [] }
}

/** RFC 9110 section 8.6: an answer that cannot have content has no length of it. */
function removeLength(headers: string[]): void {
  for (let i = headers.length - 2; i >= 0; i -= 2) {
    if (headers[i]!.toLowerCase() === 'content-length') headers.splice(i, 2)
  }
}

/** How long the endpoint took to answer, for the client's developer tools: `Server-Timing`, as a flat list. */
export function serverTiming(endpoint: Endpoint, ms: number): string[] {
  return ['server-timing', `cdn;desc=${endpoint.cdnName};dur=${ms.toFixed(1)}`]
}
