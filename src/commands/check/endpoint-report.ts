import { lengthOf } from '../../delivery/compare.ts'
import { type EtagStrength, etagStrength } from '../../delivery/compare-etag.ts'
import type { ErrorCode } from '../../errors.ts'
import type { Parts, Subject } from './subject.ts'
import type { TlsReport } from './tls.ts'

/** `ignored`: it answers 200 with the whole. */
export type RangeSupport = 'yes' | 'no' | 'ignored'

/** One endpoint, as `--json` shows it. What is not known is null. */
export interface EndpointReport {
  readonly name: string
  readonly cdn: string
  readonly url: string
  readonly tls: TlsReport | null
  readonly error: ErrorCode | null
  readonly status: number | null
  readonly etag: string | null
  readonly etag_strength: EtagStrength | null
  readonly length: number | null
  readonly bytes_read: number | null
  /** Whether those are all of them. */
  readonly complete: boolean
  readonly sha256: string | null
  readonly encoding: string | null
  readonly cache_control: string | null
  readonly range: RangeSupport | null
  /** Milliseconds from the start, connecting included. */
  readonly first_byte_ms: number | null
}

const NOTHING = {
  status: null,
  etag: null,
  etag_strength: null,
  length: null,
  bytes_read: null,
  complete: false,
  sha256: null,
  encoding: null,
  cache_control: null,
  range: null,
  first_byte_ms: null,
} as const

export function reportEndpoint({ endpoint, name, tls, result }: Subject, parts: Parts): EndpointReport {
  const who = { name, cdn: endpoint.cdnName, url: endpoint.url, tls }
  if ('failure' in result) return { ...who, ...NOTHING, error: result.failure }
  const { representation, bytes, complete, sha256, cacheControl, firstByteMs } = result
  return {
    ...who,
    error: null,
    status: representation.status,
    etag: representation.etag,
    etag_strength: etagStrength(representation.etag),
    length: lengthOf(result),
    bytes_read: bytes,
    complete,
    sha256,
    encoding: representation.contentEncoding,
    cache_control: cacheControl,
    range: rangeSupport(parts),
    first_byte_ms: Math.round(firstByteMs),
  }
}

function rangeSupport({ answers, bare }: Parts): RangeSupport | null {
  const all = bare === null ? [...answers.values()] : [bare]
  const statuses = all.map((answer) => ('status' in answer ? answer.status : null))
  if (statuses.includes(206)) return 'yes'
  if (bare === null) return null
  return statuses[0] === 200 ? 'ignored' : 'no'
}
