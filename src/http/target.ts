import { PolycdnError } from '../errors.ts'

/** A request target, taken apart. */
export interface Target {
  /** What an upstream is asked for: the client's own bytes, with dot segments resolved. Starts with `/`, or is `*`. */
  readonly path: string
  /** What routes are matched against: `path` with unreserved characters decoded. */
  readonly matchPath: string
  /** With its `?`, or empty. */
  readonly query: string
  /** The authority of an absolute-form target, which outranks Host (RFC 9112 section 3.2.2), or null. */
  readonly authority: string | null
}

const ABSOLUTE_FORM = /^https?:\/\/([^/?#]*)(.*)$/i
const DOT_SEGMENT = /(?:^|\/)(?:\.|%2e){1,2}(?:\/|$)/i
/** What a URI may not contain unencoded (RFC 3986 appendix A), besides non-ASCII, which clients do send. */
const FORBIDDEN = /[\u0000-\u0020\u007f#]/
const ENCODED = /%([0-9a-f]{2})/gi
const UNRESERVED = /[A-Za-z0-9\-._~]/

/** Parses the target of a request line (RFC 9112 section 3.2). */
export function parseTarget(raw: string, method: string): Target | PolycdnError {
  if (raw === '*') {
    if (method === 'OPTIONS') return { path: '*', matchPath: '*', query: '', authority: null }
    return new PolycdnError('bad_target', 'only OPTIONS may ask for *')
  }
  if (FORBIDDEN.test(raw)) return new PolycdnError('bad_target', 'the request target contains a forbidden character')
  let authority: string | null = null
  let rest = raw
  if (raw.charCodeAt(0) !== 47) {
    const absolute = ABSOLUTE_FORM.exec(raw)
    if (absolute === null) return new PolycdnError('bad_target', 'the request target is malformed')
    authority = absolute[1]!
    rest = absolute[2]!
    // RFC 9112 section 3.2.4: the last proxy asks for `*`.
    if (rest === '' && method === 'OPTIONS') return { path: '*', matchPath: '*', query: '', authority }
    if (rest.charCodeAt(0) !== 47) rest = `/${rest}`
  }
  const mark = rest.indexOf('?')
  const sent = mark === -1 ? rest : rest.slice(0, mark)
  const path = DOT_SEGMENT.test(sent) ? removeDotSegments(sent) : sent
  return { path, matchPath: decodeUnreserved(path), query: mark === -1 ? '' : rest.slice(mark), authority }
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

/** RFC 3986 section 6.2.2.2: `%41` and `A` are the same. Everything else stays encoded. */
function decodeUnreserved(path: string): string {
  if (!path.includes('%')) return path
  return path.replace(ENCODED, (encoded, hex: string) => {
    const character = String.fromCharCode(Number.parseInt(hex, 16))
    return UNRESERVED.test(character) ? character : encoded
  })
}
