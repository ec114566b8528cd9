import type { ProblemList } from '../problem-list.ts'
import { child, items, text } from '../tree.ts'

/** Purges that nobody could ask for, or could not prove who asks. */
export function checkPurge(root: Parameters<typeof child>[0], problems: ProblemList): void {
  for (const cdn of items(child(root, 'cdns'))) {
    const purge = child(cdn, 'purge')
    if (purge === undefined || purge.value === null) continue
    const provider = text(child(cdn, 'provider'))
    if (provider === 'ipfs' || provider === 'arweave') {
      problems.errorAtKey(purge, 'what this network has under an address never changes: there is nothing to purge')
    }
    if (text(child(purge, 'api')) !== 'google') continue
    const given = ['key_file', 'token']
      .map((key) => child(purge, key))
      .filter((one) => one !== undefined && one.value !== null)
    if (given.length === 0) problems.errorAtKey(purge, 'needs "key_file" or "token"')
    if (given.length === 2) problems.errorAtKey(given[1]!, 'either "key_file" or "token", not both')
  }
}
