import { withUpstreamTags } from '../compression/encoded-tag.ts'
import type { CompressSettings } from '../compression/settings.ts'
import { wantedEncoding } from '../compression/variant.ts'
import type { Admitted } from './exchange.ts'
import type { RequestHead } from './request-head.ts'

/**
 * A client that has a variant of ours knows it by a tag of ours. From here on the conditions of its request name also the
 * tag that this was made of, so that whoever judges them (an upstream, a proof, a store) knows what the client has.
 * If-Range stays: there our tag matches nothing, and the client gets the whole instead of a part of other bytes.
 */
export function nameUpstreamTags({ raw, method, facts, route }: Admitted): void {
  const { compress } = route.policy
  if (compress === null) return
  nameThem(raw, 'if-match', compress.encodings)
  if (raw.headers['if-none-match'] === undefined) return
  // RFC 9110 section 13.1.2: a reader has to hold the variant that it would get now, a writer may have read any.
  const reads = method === 'GET' || method === 'HEAD'
  const wanted = reads ? wantedEncoding(facts, compress) : null
  const encodings = reads ? (wanted === null ? [] : [wanted]) : compress.encodings
  nameThem(raw, 'if-none-match', encodings)
}

function nameThem(
  raw: RequestHead,
  name: 'if-match' | 'if-none-match',
  encodings: CompressSettings['encodings'],
): void {
  const value = raw.headers[name]
  if (value === undefined) return
  const named = withUpstreamTags(value, encodings)
  if (named === value) return
  const { rawHeaders } = raw
  for (let i = rawHeaders.length - 2; i >= 0; i -= 2) {
    if (rawHeaders[i]!.toLowerCase() === name) rawHeaders.splice(i, 2)
  }
  rawHeaders.push(name, named)
  raw.headers[name] = named
}
