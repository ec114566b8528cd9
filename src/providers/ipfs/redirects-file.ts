import { ProofError } from '../proof.ts'

/** Of a `_redirects` file. */
export const MAX_REDIRECTS_FILE = 64 * 1024

const STATUSES = [200, 301, 302, 303, 307, 308, 404, 410, 451] as const

export interface RedirectRule {
  /** Decoded segments: a name, `:placeholder`, or `*` as the last one. */
  readonly from: readonly string[]
  /** A path, or for redirects an absolute http or https URL. With placeholders. */
  readonly to: string
  readonly status: (typeof STATUSES)[number]
}

/**
 * The rules of a `_redirects` file (https://specs.ipfs.tech/http-gateways/web-redirects-file/). One that is malformed
 * is `unproved` as a whole: a rule that is dropped would let the next one decide.
 */
export function parseRedirects(text: string): RedirectRule[] {
  const rules: RedirectRule[] = []
  text.split(/\r?\n/).forEach((line, index) => {
    const words = line
      .replace(/(^|\s)#.*/, '')
      .split(/\s+/)
      .filter(Boolean)
    if (words.length > 0) rules.push(parseRule(words, index + 1))
  })
  return rules
}

function parseRule([from = '', to = '', code = '301', ...more]: readonly string[], line: number): RedirectRule {
  const segments = from.split('/').filter(Boolean).map(decoded)
  const status = STATUSES.find((known) => String(known) === code)
  const splatEarlier = segments.slice(0, -1).some((segment) => segment.includes('*'))
  const splatWithin = segments.at(-1) !== '*' && segments.at(-1)?.includes('*') === true
  const target = to.startsWith('/') || (/^https?:\/\//i.test(to) && isRedirect(status))
  const good = from.startsWith('/') && !splatEarlier && !splatWithin && target && more.length === 0
  if (!good || status === undefined) throw new ProofError('unproved', `_redirects:${line}: not a rule`)
  return { from: segments, to, status }
}

export function isRedirect(status: number | undefined): status is 301 | 302 | 303 | 307 | 308 {
  return status !== undefined && status >= 300 && status < 400
}

/** The first rule for a path, given as decoded names, with its placeholders filled in. */
export function applyRedirects(
  rules: readonly RedirectRule[],
  path: readonly string[],
): { readonly to: string; readonly status: RedirectRule['status'] } | null {
  for (const { from, to, status } of rules) {
    const found = match(from, path)
    if (found !== null) return { to: fill(to, found), status }
  }
  return null
}

function match(from: readonly string[], path: readonly string[]): ReadonlyMap<string, string> | null {
  const found = new Map<string, string>()
  for (const [index, segment] of from.entries()) {
    if (segment === '*' && index === from.length - 1) {
      return found.set('splat', path.slice(index).map(encodeURIComponent).join('/'))
    }
    const name = path[index]
    if (name === undefined) return null
    if (/^:\w/.test(segment)) found.set(segment.slice(1), encodeURIComponent(name))
    else if (segment !== name) return null
  }
  return from.length === path.length ? found : null
}

/** What is filled in is percent-encoded: it adds names, but no host, query or header. So is what no header could have. */
function fill(to: string, found: ReadonlyMap<string, string>): string {
  const filled = to
    .replace(/:([A-Za-z]\w*)/g, (whole, name) => found.get(name) ?? whole)
    .replace(/[^!-~]+/g, encodeURIComponent)
  return to.startsWith('/') ? filled.replace(/^\/+/, '/') : filled
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    throw new ProofError('unproved', '_redirects: a malformed escape')
  }
}
