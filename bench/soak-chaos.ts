import type { Scope } from '../test/helpers/scope.ts'
import { chaos } from '../test/scenarios/failover-chaos.ts'
import type { SoakOptions } from './run.ts'

/** Downloads for 60 s while edges are killed, stopped and restarted, with one worker and with four. */
export async function soakChaos(scope: Scope, { seed, seconds = 60 }: SoakOptions): Promise<boolean> {
  let good = true
  for (const workers of [1, 4]) {
    const { bad, stderr, ...rest } = await chaos(scope, { duration: seconds, seed, workers })
    console.log(JSON.stringify({ workers, bad: bad.length, ...rest }))
    for (const line of [...bad, stderr].filter(Boolean)) console.log(line)
    good = good && bad.length === 0 && stderr === '' && rest.resumes > 0 && rest.exitCode === 0
  }
  return good
}
