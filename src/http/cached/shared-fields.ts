import type { KeySettings } from '../../cache/rules/key.ts'
import { members } from '../../cache/rules/list.ts'
import type { Endpoint } from '../../config/snapshot.ts'
import type { Admitted } from '../exchange.ts'
import { asApplicationsRead } from '../headers.ts'

/** The client's own conditions: what is asked for all is asked whole, or under conditions of ours. */
const CONDITIONS = ['range', 'if-range', 'if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since']

/**
 * What makes some servers answer another request than the one that was sent. It is in no key, so one visitor could choose
 * what all others get.
 */
const OVERRIDES: ReadonlySet<string> = new Set([
  'cf-connecting-ip',
  'client-ip',
  'fastly-client-ip',
  'front-end-https',
  'proxy',
  'true-client-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-host',
  'x-http-host-override',
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
  'x-original-host',
  'x-original-url',
  'x-real-ip',
  'x-rewrite-url',
  'x-scheme',
  'x-url-scheme',
])

/** Of those that trusted proxies may say: what we write ourselves, by what is in the key. */
const OURS: ReadonlySet<string> = new Set(['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto'])

/** In a second spelling (`Accept_Language`) they say something that Vary and the key do not see. */
const SPELT_ONCE = ['accept-charset', 'accept-encoding', 'accept-language', 'user-agent']

export interface Shared {
  /** What we ask ourselves, a flat list; null: the headers are those of a part, with its own Range. */
  readonly conditions: readonly string[] | null
  /** Names of fields that no client can say. */
  readonly ofOperator: ReadonlySet<string>
}

/**
 * Header fields of a request whose answer is for all: without what only one client asked for.
 *
 * @param headers a flat list, as one client's request has them
 */
export function sharedFields(headers: readonly string[], key: KeySettings, { conditions, ofOperator }: Shared) {
  const shared: string[] = []
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!.toLowerCase()
    const read = asApplicationsRead(name)
    if (conditions !== null && CONDITIONS.includes(read)) continue
    const isOfOperator = ofOperator.has(name)
    if (!isOfOperator && read !== name && SPELT_ONCE.includes(read)) continue
    if (!isOfOperator && isOverride(read) && !key.headers.includes(name)) continue
    const value = isOfOperator ? headers[i + 1]! : valueForAll(name, headers[i + 1]!, key)
    if (value !== '') shared.push(headers[i]!, value)
  }
  if (conditions !== null) shared.push(...conditions)
  return shared
}

/** The names of what the configuration sets for an endpoint, in the place of what clients say. */
export function operatorFields({ site, route }: Admitted, { cdn }: Endpoint): ReadonlySet<string> {
  const edits = [route.policy.headers.request, cdn?.headers.request ?? site.origin?.headers.request]
  return new Set(edits.flatMap((edit) => edit?.set.map(([name]) => name) ?? []))
}

function isOverride(read: string): boolean {
  return OVERRIDES.has(read) || (read.startsWith('x-forwarded-') && !OURS.has(read))
}

function valueForAll(name: string, value: string, key: KeySettings): string {
  if (name === 'cookie') return countedCookies(value, key)
  return name === 'cache-control' ? withoutConcessions(value) : value
}

/** RFC 9111 sections 5.2.1.2 and 5.2.1.7: an old answer, or none at all, would do for the one who says so. */
const CONCESSIONS = /^(?:max-stale|only-if-cached)(?=[ \t=]|$)/i

function withoutConcessions(cacheControl: string): string {
  if (!/max-stale|only-if-cached/i.test(cacheControl)) return cacheControl
  return members(cacheControl)
    .filter((one) => !CONCESSIONS.test(one))
    .join(', ')
}

/** Of the cookies only those that the key has; all where it has none, as RFC 9111 knows no rule for them. */
function countedCookies(value: string, { cookies, headers }: KeySettings): string {
  if (cookies.length === 0 || headers.includes('cookie')) return value
  const pairs = value.split(';').map((pair) => pair.trim())
  return pairs.filter((pair) => cookies.some((name) => pair.startsWith(`${name}=`))).join('; ')
}
