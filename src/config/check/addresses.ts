import type { ProblemList } from '../problem-list.ts'
import { child, items, type Located, shown, text } from '../tree.ts'
import { isLoopback, parseListenAddress } from '../values/listen-address.ts'
import { isRefusal } from '../values/refusal.ts'

/** No two listeners at one address, and no operator commands for the whole network without a token. */
export function checkAddresses(root: Located, problems: ProblemList): void {
  const admin = child(root, 'admin')
  const address = child(admin, 'address')
  const taken = new Map<string, string>()
  for (const node of [...items(child(root, 'listen')).map((listener) => child(listener, 'address')), address]) {
    const parsed = parse(node)
    if (node === undefined || parsed === undefined || parsed.port === 0) continue
    const name = `${parsed.host} ${parsed.port}`
    const first = taken.get(name)
    if (first !== undefined) problems.error(node, `${shown(node, 'address')} is taken by ${first} already`)
    else taken.set(name, node.path)
  }
  const parsed = parse(address)
  if (address === undefined || parsed === undefined || isLoopback(parsed)) return
  const token = child(admin, 'token')
  if ((token?.value ?? '') === '' && token?.broken !== true) {
    problems.error(address, 'an admin address that other machines can reach needs admin.token')
  }
}

function parse(node: Located | undefined) {
  const parsed = parseListenAddress(text(node))
  return parsed === undefined || isRefusal(parsed) ? undefined : parsed
}
