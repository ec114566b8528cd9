import { PolycdnError } from '../errors.ts'

/** A request target, taken apart. */
export interface Target {
  /** What an upstream is asked for: the client's own bytes, with dot segments resolved. Starts with `/`, or is `*`. */
  readonly path: string
  /** The same path in its one spelling, for routes and keys: unreserved characters decoded, other escapes upper-case. */
  readonly matchPath: string
  /** With its `?`, or empty. */
  readonly query: string
  /** Of an absolute-form target, lower-case; or null. */
  readonly scheme: 'http' | 'https' | null
  /** The authority of an absolute-form target, which outranks Host (RFC 9112 section 3.2.2), or null. */
  readonly authority: string | null
}

const ABSOLUTE_FORM = /^(https?):\/\/([^/?#]*)(.*)$/i
/** Most targets: nothing in it has to be looked at more closely. */
const PLAIN = /^\/[\w~/-]*(?:\.[\w~-]+)*$/
const DOT_SEGMENT = /(?:^|\/)(?:\.|%2e){1,2}(?:\/|$)/i
/** What a URI may not contain unencoded (RFC 3986 appendix A). Browsers do send `"<>^{|}` and the backquote. */
const FORBIDDEN = /[^\x21\x22\x24-\x7e]/
/**
 * What upstreams read in different ways, each the cause of an advisory: a `%` that encodes nothing (RFC 3986 section
 * 2.1), control characters, the backslash that some take for a slash, and ASCII in more bytes than it needs, which is no
 * UTF-8 (RFC 3629 section 10).
 */
const AMBIGUOUS = /%(?![0-9a-f]{2})|%[01][0-9a-f]|%7f|\\|%c[01]%[89ab]|%e0%[89][0-9a-f]%|%f0%8[0-9a-f]%/i
/** A dot segment for those who decode before they split, or drop `;parameters` before they resolve. */
const HIDDEN_DOTS = /(?:\/|%2f|%5c)(?:\.|%2e){1,2}(?:;|%3b|\/|%2f|%5c|$)/i
const ENCODED = /%([0-9a-f]{2})/gi
const UNRESERVED = /[A-Za-z0-9\-._~]/

/**
 * Parses the target of a request line (RFC 9112 section 3.2), or of HTTP/2's `:path`. There is one meaning of a path for
 * routes, keys and upstreams; a path that has two is refused.
 */
export function parseTarget(raw: string, method: string): Target | PolycdnError {
  if (raw === '*') {
    return method === 'OPTIONS' ? asterisk(null, null) : bad('only OPTIONS may ask for *')
  }
  if (PLAIN.test(raw)) return { path: raw, matchPath: raw, query: '', scheme: null, authority: null }
  if (FORBIDDEN.test(raw)) return bad('the request target contains a forbidden character')
  let scheme: Target['scheme'] = null
  let authority: string | null = null
  let rest = raw
  if (raw.charCodeAt(0) !== 47) {
    const absolute = ABSOLUTE_FORM.exec(raw)
    if (absolute === null) return bad('the request target is malformed')
    scheme = absolute[1]!.length === 4 ? 'http' : 'https'
    authority = absolute[2]!
    rest = absolute[3]!
    // RFC 9112 section 3.2.4: the last proxy asks for `*`.
    if (rest === '' && method === 'OPTIONS') return asterisk(scheme, authority)
    if (rest.charCodeAt(0) !== 47) rest = `/${rest}`
  }
  const mark = rest.indexOf('?')
  const sent = mark === -1 ? rest : rest.slice(0, mark)
  if (AMBIGUOUS.test(sent)) return bad('the path contains what upstreams read in different ways')
  const path = DOT_SEGMENT.test(sent) ? removeDotSegments(sent) : sent
  if (HIDDEN_DOTS.test(path)) return bad('the path hides a dot segment')
  return { path, matchPath: canonicalPath(path), query: mark === -1 ? '' : rest.slice(mark), scheme, authority }
}

function asterisk(scheme: Target['scheme'], authority: string | null): Target {
  return { path: '*', matchPath: '*', query: '', scheme, authority }
}

function bad(message: string): PolycdnError {
  return new PolycdnError('bad_target', message)
}

/** RFC 3986 section 5.2.4, where `%2e` counts as the dot that it is (section 6.2.2.2). */
export function removeDotSegments(path: string): string {
  const out: string[] = []
  const segments = path.split('/').slice(1)
  segments.forEach((segment, at) => {
    const plain = segment.replace(/%2e/gi, '.')
    const last = at === segments.length - 1
    if (plain === '..') out.pop()
    if (plain !== '.' && plain !== '..') out.push(segment)
    else if (last) out.push('')
  })
  return `/${out.join('/')}`
}

/** RFC 3986 section 6.2.2: `%41` is `A`, and `%2f` is `%2F`, which is never a slash. */
export function canonicalPath(path: string): string {
  if (!path.includes('%')) return path
  return path.replace(ENCODED, (encoded, hex: string) => {
    const character = String.fromCharCode(Number.parseInt(hex, 16))
    return UNRESERVED.test(character) ? character : encoded.toUpperCase()
  })
}
