import type { ProblemList } from '../problem-list.ts'
import { child, items, type Located, text } from '../tree.ts'
import { given } from './usage.ts'

/** Where the signed manifest of a site is. */
export function checkManifest(root: Located, problems: ProblemList): void {
  for (const site of items(child(root, 'sites'))) {
    const manifest = given(child(site, 'manifest'))
    if (manifest === undefined || manifest.broken) continue
    const file = child(manifest, 'file')
    const url = child(manifest, 'url')
    if (file !== undefined && url !== undefined)
      problems.errorAtKey(url, 'a manifest has either "file" or "url", not both')
    if (file === undefined && url === undefined) problems.error(manifest, 'needs "file" or "url"')
    checkUrl(url, problems)
  }
}

function checkUrl(node: Located | undefined, problems: ProblemList): void {
  const written = text(node)
  if (node === undefined || written === undefined || node.broken) return
  const url = URL.canParse(written) ? new URL(written) : null
  if (url === null) return problems.error(node, 'this is no URL')
  if (url.username !== '' || url.password !== '')
    return problems.error(node, 'a URL with a user or password is shown in logs')
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    problems.warn(
      node,
      'a manifest is signed, but over http anybody on the way sees who asks and can hold back a new one',
    )
  }
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\./.test(hostname)
}
