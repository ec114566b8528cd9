import { seededRandom } from '../test/helpers/random.ts'
import type { Scope } from '../test/helpers/scope.ts'
import { fuzzIpfs } from '../test/providers/ipfs/support/fuzz.ts'
import type { SoakOptions } from './run.ts'

/** Damaged CARs, nodes, IPNS records and lists for 60 s: a refusal or the right bytes, and nothing else. */
export async function soakFuzzIpfs(_scope: Scope, { seed, seconds = 60 }: SoakOptions): Promise<boolean> {
  const end = Date.now() + seconds * 1000
  const { bad, ...rest } = await fuzzIpfs({ random: seededRandom(seed), more: () => Date.now() < end })
  console.log(JSON.stringify({ bad: bad.length, ...rest }))
  for (const line of bad) console.log(line)
  return bad.length === 0
}
