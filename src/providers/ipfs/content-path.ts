import { base36 } from 'multiformats/bases/base36'
import { CID } from 'multiformats/cid'
import { parseIpnsName } from './ipns-name.ts'

/** What a name leads to: content, or another name. `path` is percent-encoded, empty or with a slash in front. */
export type ContentPath =
  | { readonly space: 'ipfs'; readonly cid: string; readonly path: string }
  | { readonly space: 'ipns'; readonly kind: 'dnslink' | 'ipns'; readonly name: string; readonly path: string }

/** Characters. */
const MAX_PATH = 2048
const MAX_SEGMENTS = 128

/**
 * `/ipfs/{cid}/…` or `/ipns/{name}/…`, as DNSLinks and IPNS records have it: not percent-encoded. Null for anything else,
 * and for what a URL could not name: `.` and `..` would be resolved before they were asked for.
 */
export function parseContentPath(text: string): ContentPath | null {
  const match = /^\/(ipfs|ipns)\/([^/]+)(\/.*)?$/.exec(text)
  if (match === null || text.length > MAX_PATH || /[\0-\x1f\x7f]/.test(text) || !text.isWellFormed()) return null
  const [, space, root, rest = ''] = match as unknown as [string, 'ipfs' | 'ipns', string, string | undefined]
  const path = encodePath(rest)
  if (path === null) return null
  if (space === 'ipfs') return isCid(root) ? { space, cid: root, path } : null
  if (root.includes('.')) return isDomain(root) ? { space, kind: 'dnslink', name: root.toLowerCase(), path } : null
  const name = parseIpnsName(root)
  return name === null ? null : { space, kind: 'ipns', name: name.text, path }
}

function encodePath(rest: string): string | null {
  const segments = rest.split('/').filter((segment) => segment !== '')
  if (segments.length > MAX_SEGMENTS || segments.some((segment) => segment === '.' || segment === '..')) return null
  return segments.map((segment) => `/${encodeURIComponent(segment)}`).join('')
}

function isCid(text: string): boolean {
  try {
    if (text.startsWith(base36.prefix)) CID.parse(text, base36)
    else CID.parse(text)
    return true
  } catch {
    return false
  }
}

function isDomain(text: string): boolean {
  return (
    text.length <= 240 &&
    text.split('.').every((label) => /^[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/.test(label))
  )
}
