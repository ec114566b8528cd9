import { type Directives, parseDirectives, seconds } from './directives.ts'
import { combined, type Fields } from './fields.ts'

/** What a client asks of caches (RFC 9111 section 5.2.1). Milliseconds; null: it does not say. */
export interface RequestDirectives {
  readonly maxAge: number | null
  readonly minFresh: number | null
  /** Infinity: however stale. */
  readonly maxStale: number | null
  readonly noCache: boolean
  readonly noStore: boolean
  readonly onlyIfCached: boolean
}

const NOTHING: RequestDirectives = {
  maxAge: null,
  minFresh: null,
  maxStale: null,
  noCache: false,
  noStore: false,
  onlyIfCached: false,
}

/** Pragma does not count: RFC 9111 section 5.4 has deprecated it. */
export function requestDirectives(fields: Fields): RequestDirectives {
  const value = combined(fields, 'cache-control')
  if (value === null) return NOTHING
  const directives = parseDirectives(value)
  return {
    // What is no number asks for the strictest: an answer of age 0, however fresh.
    maxAge: milliseconds(directives, 'max-age', 0),
    minFresh: milliseconds(directives, 'min-fresh', Number.POSITIVE_INFINITY),
    maxStale: maxStale(directives),
    noCache: directives.has('no-cache'),
    noStore: directives.has('no-store'),
    onlyIfCached: directives.has('only-if-cached'),
  }
}

function milliseconds(directives: Directives, name: string, otherwise: number): number | null {
  const value = seconds(directives, name)
  if (value === null) return null
  return Number.isNaN(value) ? otherwise : value * 1000
}

/** RFC 9111 section 5.2.1.2: without a value any staleness will do; with one that is no number none will. */
function maxStale(directives: Directives): number | null {
  if (directives.get('max-stale') === null) return Number.POSITIVE_INFINITY
  const value = seconds(directives, 'max-stale')
  return value === null || Number.isNaN(value) ? null : value * 1000
}
