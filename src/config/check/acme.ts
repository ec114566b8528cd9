import { isDeepStrictEqual } from 'node:util'
import type { ProblemList } from '../problem-list.ts'
import { child, isMap, items, type Located, shown, text, toPlain } from '../tree.ts'
import { orderable, parseHostPattern } from '../values/host-pattern.ts'

/** More names than any authority gives to one account in a week. */
const MOST_NAMES = 1000

/** What certificates that are ordered need of the rest. */
export function checkAcme(root: Located, problems: ProblemList): void {
  const listeners = items(child(root, 'listen'))
  const ordered = listeners.map((listener) => child(child(listener, 'tls'), 'acme')).filter(isSet)
  const [first, ...others] = ordered
  if (first === undefined) return
  for (const other of others) {
    if (!isDeepStrictEqual(toPlain(other), toPlain(first))) {
      problems.error(other, 'every listener orders its certificates with the same email and directory')
    }
  }
  const stateDir = child(root, 'state_dir')
  if (stateDir === undefined || stateDir.value === null) problems.error(first, 'keys need a place: set state_dir')
  if (!listeners.some(isPlain)) {
    problems.warn(first, 'no listener without TLS: the authority comes to port 80, which must lead to one')
  }
  checkHosts(root, first, problems)
}

function checkHosts(root: Located, acme: Located, problems: ProblemList): void {
  const names = new Set<string>()
  for (const node of items(child(root, 'sites')).flatMap((site) => items(child(site, 'hosts')))) {
    const host = parseHostPattern(text(node))
    if (host === undefined) continue
    if (orderable(host)) names.add(host)
    else problems.warn(node, `no certificate is ordered for ${shown(node)}: only exact host names can be proved`)
  }
  if (names.size === 0) problems.warn(acme, 'no site has an exact host name, so no certificate is ordered')
  if (names.size > MOST_NAMES) problems.error(acme, `certificates for ${names.size} names: at most ${MOST_NAMES}`)
}

function isSet(node: Located | undefined): node is Located {
  return node !== undefined && isMap(node.value)
}

function isPlain(listener: Located): boolean {
  return !isSet(child(listener, 'tls'))
}
