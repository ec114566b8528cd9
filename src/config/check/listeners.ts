import type { ProblemList } from '../problem-list.ts'
import { child, items, type Located } from '../tree.ts'

/** What cannot be said of one listener at the same time. */
export function checkListeners(root: Located, problems: ProblemList): void {
  for (const listener of items(child(root, 'listen'))) {
    const tls = child(listener, 'tls')
    if (tls === undefined || !(tls.value instanceof Map)) continue
    for (const key of ['https_redirect', 'h2c']) {
      const node = child(listener, key)
      if (node?.value === true) problems.error(node, `${key} is for listeners without TLS`)
    }
    const ordered = child(tls, 'acme')?.value instanceof Map
    if (items(child(tls, 'certificates')).length === 0 && !ordered) problems.error(tls, 'TLS needs a certificate')
  }
}
