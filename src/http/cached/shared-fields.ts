import type { KeySettings } from '../../cache/rules/key.ts'
import { asApplicationsRead } from '../headers.ts'

/** The client's own conditions: what is asked for all is asked whole, or under conditions of ours. */
const CONDITIONS = ['range', 'if-range', 'if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since']

/**
 * What makes some servers answer another request than the one that was sent. It is in no key, so one visitor could choose
 * what all others get.
 */
const OVERRIDES = [
  'x-forwarded-prefix',
  'x-host',
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
  'x-original-host',
  'x-original-url',
  'x-rewrite-url',
]

/** In a second spelling (`Accept_Language`) they say something that Vary and the key do not see. */
const SPELT_ONCE = ['accept-charset', 'accept-encoding', 'accept-language', 'user-agent']

const FIRST_ASKED: ReadonlySet<string> = new Set([...CONDITIONS, ...OVERRIDES])
const REST_ASKED: ReadonlySet<string> = new Set(OVERRIDES)

/**
 * Header fields of a request whose answer is for all: without what only one client asked for.
 *
 * @param headers a flat list, as one client's request has them
 * @param conditions what we ask ourselves, a flat list; null: the headers are those of a part, with its own Range
 */
export function sharedFields(headers: readonly string[], key: KeySettings, conditions: readonly string[] | null) {
  const dropped = conditions === null ? REST_ASKED : FIRST_ASKED
  const shared: string[] = []
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!.toLowerCase()
    const read = asApplicationsRead(name)
    if (read !== name && SPELT_ONCE.includes(read)) continue
    if (dropped.has(read) && !(OVERRIDES.includes(read) && key.headers.includes(name))) continue
    const value = name === 'cookie' ? countedCookies(headers[i + 1]!, key) : headers[i + 1]!
    if (value !== '') shared.push(headers[i]!, value)
  }
  if (conditions !== null) shared.push(...conditions)
  return shared
}

/** Of the cookies only those that the key has; all where it has none, as RFC 9111 knows no rule for them. */
function countedCookies(value: string, { cookies, headers }: KeySettings): string {
  if (cookies.length === 0 || headers.includes('cookie')) return value
  const pairs = value.split(';').map((pair) => pair.trim())
  return pairs.filter((pair) => cookies.some((name) => pair.startsWith(`${name}=`))).join('; ')
}
