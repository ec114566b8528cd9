import { ageValue, currentAge, initialAge, type Times } from './age.ts'
import { type Directives, listedFields, seconds } from './directives.ts'
import { combined, type Fields, linesOf, single } from './fields.ts'
import { parseHttpDate } from './http-date.ts'
import type { CacheRules } from './rules.ts'
import { isHeuristicallyCacheable } from './status.ts'
import { responseDirectives } from './targeted.ts'

/** What an answer says of its own freshness, computed once, when it comes. Milliseconds. */
export interface Freshness {
  /** How long it is fresh, counted from its making; 0: it is not. */
  readonly lifetime: number
  /** `heuristic`: guessed by us; `none`: the answer says nothing that gives it a lifetime. */
  readonly source: 's-maxage' | 'max-age' | 'expires' | 'heuristic' | 'none'
  readonly initialAge: number
  readonly responseTime: number
  /** RFC 9111 section 5.2.2.4: no use without asking, fresh or not. */
  readonly noCache: boolean
  /** RFC 9111 section 4.2.4: never used stale, whatever fails. */
  readonly neverStale: boolean
  /** RFC 5861: how long after its lifetime it may be used while it is asked for again, and where asking fails. */
  readonly staleWhileRevalidate: number
  readonly staleIfError: number
  /** RFC 8246: while it is fresh nobody needs to ask whether it changed. */
  readonly immutable: boolean
}

/** @param rules what applies where the answer does not say */
export function freshnessOf(status: number, fields: Fields, times: Times, rules: CacheRules): Freshness {
  const { directives, target } = responseDirectives(fields)
  const date = dateOf(fields, times.responseTime)
  const explicit = explicitLifetime(directives, target === null ? fields : null, date, times.responseTime)
  const life = explicit ?? heuristicLifetime(status, fields, directives, date ?? times.responseTime, rules)
  const noCache = listedFields(directives, 'no-cache') === 'all'
  const neverStale = noCache || forbidsStale(directives)
  return {
    ...life,
    initialAge: initialAge(ageValue(fields), date, times),
    responseTime: times.responseTime,
    noCache,
    neverStale,
    staleWhileRevalidate: neverStale ? 0 : window(directives, 'stale-while-revalidate', rules.staleWhileRevalidate),
    staleIfError: neverStale ? 0 : window(directives, 'stale-if-error', rules.staleIfError),
    immutable: directives.has('immutable'),
  }
}

type Life = Pick<Freshness, 'lifetime' | 'source'>

/**
 * RFC 9111 section 4.2.1, for a shared cache: s-maxage, then max-age, then Expires. What is no number is stale.
 *
 * @param fields null: a targeted field governs, and Expires does not count (RFC 9213 section 2.2)
 */
function explicitLifetime(
  directives: Directives,
  fields: Fields | null,
  date: number | null,
  now: number,
): Life | null {
  for (const source of ['s-maxage', 'max-age'] as const) {
    const value = seconds(directives, source)
    if (value !== null) return { lifetime: Number.isNaN(value) ? 0 : value * 1000, source }
  }
  const expires = fields === null ? [] : linesOf(fields, 'expires')
  if (expires.length === 0) return null
  // RFC 9111 section 5.3: an invalid date, `0` above all, is in the past. Two lines are invalid unless they are equal.
  const time = parseHttpDate(single(fields!, 'expires') ?? '', now)
  return { lifetime: time === null ? 0 : Math.max(0, time - (date ?? now)), source: 'expires' }
}

/** RFC 9111 section 4.2.2: a tenth of the time since it last changed, and never more than a day. */
const HEURISTIC_PART = 0.1
const MOST_HEURISTIC = 24 * 3_600_000

function heuristicLifetime(
  status: number,
  fields: Fields,
  directives: Directives,
  date: number,
  rules: CacheRules,
): Life {
  const none: Life = { lifetime: 0, source: 'none' }
  if (!rules.heuristic || !(isHeuristicallyCacheable(status) || directives.has('public'))) return none
  const modified = lastModifiedOf(fields, date)
  if (modified === null || modified > date) return none
  return { lifetime: Math.min(MOST_HEURISTIC, (date - modified) * HEURISTIC_PART), source: 'heuristic' }
}

/** RFC 9111 sections 5.2.2.2, 5.2.2.8 and 5.2.2.10: for a shared cache s-maxage means proxy-revalidate too. */
function forbidsStale(directives: Directives): boolean {
  return directives.has('must-revalidate') || directives.has('proxy-revalidate') || directives.has('s-maxage')
}

function window(directives: Directives, name: string, otherwise: number): number {
  const value = seconds(directives, name)
  if (value === null) return otherwise
  return Number.isNaN(value) ? 0 : value * 1000
}

/** The answer's Date; null: absent or invalid (RFC 9110 section 6.6.1: then it counts as received now). */
export function dateOf(fields: Fields, now: number): number | null {
  const value = single(fields, 'date')
  return value === null ? null : parseHttpDate(value, now)
}

export function lastModifiedOf(fields: Fields, now: number): number | null {
  const value = combined(fields, 'last-modified')
  return value === null ? null : parseHttpDate(value, now)
}

/** How long it stays fresh; negative: since when it is stale. Milliseconds (RFC 9111 section 4.2). */
export function timeToLive(freshness: Freshness, now: number): number {
  return freshness.lifetime - currentAge(freshness, now)
}

/** What was declared stale at some time: it had been fresh until then at most. */
export function endedAt(freshness: Freshness, at: number): Freshness {
  return { ...freshness, lifetime: Math.min(freshness.lifetime, currentAge(freshness, at)) }
}
