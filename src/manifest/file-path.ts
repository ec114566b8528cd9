const MAX_PATH = 4096
/** Controls have no business in a path, and their escapes are refused from clients. */
const CONTROL = /\p{Cc}/u
const ESCAPED_SLASH = /%2f/i

/**
 * Why this is no path of a manifest; null where it is one. Such a path starts with `/`, is decoded, and has no empty
 * segment but for the last: `/docs/` stands for what a visitor of that folder sees.
 */
export function refusePath(path: string): string | null {
  if (!path.startsWith('/')) return 'it does not start with /'
  if (path.length > MAX_PATH) return `it is longer than ${MAX_PATH}`
  if (!path.isWellFormed()) return 'it is no Unicode text'
  if (CONTROL.test(path)) return 'it has control characters'
  if (path.includes('//')) return 'it has an empty segment'
  if (/\/\.{1,2}(?:\/|$)/.test(path)) return 'it has a dot segment'
  return null
}

/**
 * The path of a manifest for a request target (`/a%20b?query`): decoded, its query left out. null: no manifest has it.
 * An escaped slash is no slash (RFC 3986 section 2.2), and no file name has one.
 */
export function pathOfTarget(target: string): string | null {
  const mark = target.indexOf('?')
  const sent = mark === -1 ? target : target.slice(0, mark)
  if (!sent.includes('%')) return refusePath(sent) === null ? sent : null
  if (ESCAPED_SLASH.test(sent)) return null
  try {
    const path = decodeURIComponent(sent)
    return refusePath(path) === null ? path : null
  } catch {
    return null
  }
}

/** The request target of a path: every octet escaped that has to be. */
export function targetOfPath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/')
}
