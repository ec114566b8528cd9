import { seededRandom } from '../test/helpers/random.ts'
import type { Scope } from '../test/helpers/scope.ts'
import { fuzzResponses } from '../test/http/support/response-fuzz.ts'
import type { SoakOptions } from './run.ts'

/** Damaged answers of upstreams for 60 s, each followed by a request that must have its own answer. */
export async function soakFuzzResponses(scope: Scope, { seed, seconds = 60 }: SoakOptions): Promise<boolean> {
  const end = Date.now() + seconds * 1000
  const { bad, ...rest } = await fuzzResponses(scope, { random: seededRandom(seed), more: () => Date.now() < end })
  console.log(JSON.stringify({ bad: bad.length, ...rest }))
  for (const line of bad) console.log(line)
  return bad.length === 0
}
