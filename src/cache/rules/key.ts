import { combined, type Fields, linesOf } from './fields.ts'
import { normalise } from './normalise.ts'

/** Which parameters of a query count. `sort`: their order does not, as far as their names differ. */
export interface QueryKey {
  readonly take: 'all' | 'none' | 'only' | 'except'
  readonly names: ReadonlySet<string>
  readonly sort: boolean
}

/** What tells one answer from another besides its URL. Names of header fields are lower-case. */
export interface KeySettings {
  readonly query: QueryKey
  readonly headers: readonly string[]
  readonly cookies: readonly string[]
  /** Who is asked and with which fields of the configuration, as one text: what others say is no answer here. */
  readonly upstreams: string
}

export const DEFAULT_KEY: KeySettings = {
  query: { take: 'all', names: new Set(), sort: false },
  headers: [],
  cookies: [],
  upstreams: '',
}

/** What a key is made of. `query` as `keyedQuery` gives it, which is what upstreams must be asked with too. */
export interface KeyParts {
  readonly site: string
  readonly scheme: 'http' | 'https'
  /** Normalised. */
  readonly host: string
  /** As upstreams are asked for it: another spelling of it could be answered otherwise, for everyone. */
  readonly path: string
  readonly query: string
  readonly fields: Fields
}

/**
 * The primary key (RFC 9111 section 2). GET and HEAD have the same; no other method has one. Nothing in it contains a
 * line feed, so two requests with one key have equal parts.
 */
export function cacheKey(parts: KeyParts, settings: KeySettings): string {
  let key = `${parts.site}\n${parts.scheme}://${parts.host}${parts.path}${parts.query}`
  for (const name of settings.headers) {
    const value = combined(parts.fields, name)
    key += value === null ? `\n${name}` : `\n${name}:${normalise(name, value)}`
  }
  if (settings.cookies.length > 0) key += `\ncookie:${keyedCookies(parts.fields, settings.cookies)}`
  if (settings.upstreams !== '') key += `\nupstreams:${settings.upstreams}`
  return key
}

/**
 * The query without what does not count, with its `?`, or empty. A parameter that is left out of the key must not
 * reach the upstream either: it would change the answer for everyone.
 *
 * @param query with its `?`, or empty
 */
export function keyedQuery(query: string, { take, names, sort }: QueryKey): string {
  if (query.length < 2 || take === 'none') return ''
  if (take === 'all' && !sort) return query
  let parameters = query.slice(1).split('&')
  if (take !== 'all') parameters = parameters.filter((one) => names.has(nameOf(one)) === (take === 'only'))
  // Of one name the order counts: some read the first, some the last.
  if (sort) parameters.sort((a, b) => compare(nameOf(a), nameOf(b)))
  return parameters.length === 0 ? '' : `?${parameters.join('&')}`
}

function nameOf(parameter: string): string {
  const name = parameter.split('=', 1)[0]!.replaceAll('+', ' ')
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/**
 * The cookies that count, in the order of the settings: all that have such a name (RFC 6265 section 5.4). A comma is a
 * part of a value, as upstreams read it.
 */
function keyedCookies(fields: Fields, names: readonly string[]): string {
  const pairs = linesOf(fields, 'cookie').flatMap((line) => line.split(';').map((pair) => pair.trim()))
  return names.map((name) => pairs.filter((pair) => pair.startsWith(`${name}=`)).join('; ')).join('\t')
}
