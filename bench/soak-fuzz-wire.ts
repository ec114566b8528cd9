import { fuzzWire } from '../test/delivery/support/wire-fuzz.ts'
import { seededRandom } from '../test/helpers/random.ts'
import type { Scope } from '../test/helpers/scope.ts'
import type { SoakOptions } from './run.ts'

/** Our client towards upstreams beside Node's for 60 s: answers written in every way, and damaged ones. */
export async function soakFuzzWire(scope: Scope, { seed, seconds = 60 }: SoakOptions): Promise<boolean> {
  const end = Date.now() + seconds * 1000
  const { bad, ...rest } = await fuzzWire(scope, { random: seededRandom(seed), more: () => Date.now() < end })
  console.log(JSON.stringify({ bad: bad.length, ...rest }))
  for (const line of bad) console.log(line)
  return bad.length === 0
}
