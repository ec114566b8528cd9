import type { Scope } from '../test/helpers/scope.ts'
import { deploy } from '../test/scenarios/deploy.ts'
import type { SoakOptions } from './run.ts'

/** Ten deploys under load, with one worker and with two. True: nobody but the liar was ejected, and nothing failed. */
export async function soakDeploy(scope: Scope, { seed }: SoakOptions): Promise<boolean> {
  let good = true
  for (const workers of [1, 2]) {
    const { findings, stderr, ...rest } = await deploy(scope, { deploys: 10, pause: 300, workers, seed })
    console.log(JSON.stringify({ workers, findings: findings.length, ...rest }))
    for (const line of [...findings.slice(0, 20), stderr].filter(Boolean)) console.log(line)
    good = good && findings.length === 0 && stderr === '' && rest.exitCode === 0
  }
  return good
}
