import type { Scope } from '../test/helpers/scope.ts'
import { fuzzRequests } from '../test/http/support/fuzz-requests.ts'
import type { SoakOptions } from './run.ts'

/** Mutated requests for 60 s. True: what reached the upstream was always what the gateway meant. */
export async function soakFuzzRequests(scope: Scope, { seed, seconds = 60 }: SoakOptions): Promise<boolean> {
  const { findings, ...rest } = await fuzzRequests(scope, { seed, seconds })
  console.log(JSON.stringify({ ...rest, findings: findings.length }))
  for (const finding of findings) console.log(finding)
  return findings.length === 0 && rest.reached > 0
}
