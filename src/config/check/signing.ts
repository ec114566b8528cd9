import type { ProblemList } from '../problem-list.ts'
import { child, items, type Located, text } from '../tree.ts'
import { isTrusted } from './usage.ts'

/** Signatures that nobody would ever need, or that their networks do not have. */
export function checkSigning(root: Located, problems: ProblemList): void {
  for (const cdn of items(child(root, 'cdns'))) {
    const signing = child(cdn, 'signing')
    if (signing === undefined || signing.value === null) continue
    if (!isTrusted(cdn)) {
      problems.errorAtKey(signing, 'a CDN with trust: false is sent nobody, so nothing is signed for it')
    }
    checkForm(signing, problems)
  }
}

function checkForm(signing: Located, problems: ProblemList): void {
  const type = text(child(signing, 'type'))
  const bind = child(signing, 'bind_ip')
  if (type === 'bunny' && bind?.value === true && text(child(signing, 'hash')) === 'sha256') {
    problems.error(bind, 'only a token of hash: hmac-sha256 can be bound to an address')
  }
  const scope = child(signing, 'scope')
  if (type === 'akamai' && scope?.value === 'directory' && items(child(signing, 'acl')).length > 0) {
    problems.error(scope, 'a link opens either its directory or an "acl", not both')
  }
}
