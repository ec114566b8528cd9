import type { ProblemList } from '../problem-list.ts'
import { child, entries, type Located, text } from '../tree.ts'
import { isRefusal } from '../values/refusal.ts'
import { parseUpstreamUrl, type UpstreamUrl } from '../values/upstream-url.ts'

/** The URL at a node; undefined where there is none or it is wrong. */
export function urlOf(node: Located | undefined): UpstreamUrl | undefined {
  const parsed = parseUpstreamUrl(text(node))
  return parsed === undefined || isRefusal(parsed) ? undefined : parsed
}

/** TLS settings next to URLs that never speak TLS promise a protection that is not there. */
export function checkTls(
  tls: Located | undefined,
  urls: readonly (Located | undefined)[],
  problems: ProblemList,
): void {
  const verify = child(tls, 'verify')
  if (verify?.value === false) {
    problems.warn(verify, 'with verify: false anybody on the way can answer in its place: for tests only')
  }
  const first = entries(tls)[0]?.[1]
  const parsed = urls.map(urlOf)
  if (first === undefined || parsed.length === 0) return
  if (parsed.every((url) => url !== undefined && !url.secure)) {
    problems.errorAtKey(first, 'TLS settings have no effect on an http:// URL')
  }
}

/** Reports URLs that stand twice in one list. */
export function checkDistinctUrls(urls: readonly (Located | undefined)[], problems: ProblemList): void {
  const seen = new Set<string>()
  for (const node of urls) {
    const url = urlOf(node)
    if (node === undefined || url === undefined) continue
    const name = url.origin + url.basePath
    if (seen.has(name)) problems.error(node, 'this URL stands here already')
    seen.add(name)
  }
}
