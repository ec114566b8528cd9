import { combined, type Fields } from './fields.ts'

/** RFC 9110 section 9.2.1. Methods that are not known may change anything (RFC 9111 section 4.4). */
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND', 'REPORT', 'SEARCH', 'QUERY'])

/**
 * The URLs of which nothing stored may be used any more, after an answer to an unsafe method that is no error
 * (RFC 9111 section 4.4): the target, and what Location and Content-Location name on the same host.
 *
 * @param target absolute
 */
export function invalidated(method: string, target: string, answer: { status: number; fields: Fields }): string[] {
  if (SAFE.has(method) || answer.status < 200 || answer.status > 399) return []
  const base = URL.parse(target)
  if (base === null) return []
  const urls = new Set([withoutFragment(base)])
  for (const name of ['location', 'content-location']) {
    const value = combined(answer.fields, name)
    const url = value === null ? null : URL.parse(value, base)
    // Another host's URL in an answer may be an attack on that host's visitors.
    if (url !== null && url.origin === base.origin) urls.add(withoutFragment(url))
  }
  return [...urls]
}

function withoutFragment(url: URL): string {
  const copy = new URL(url)
  copy.hash = ''
  return copy.href
}
