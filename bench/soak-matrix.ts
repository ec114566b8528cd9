import { startGateway } from '../test/helpers/gateway.ts'
import { inParallel } from '../test/helpers/parallel.ts'
import type { Scope } from '../test/helpers/scope.ts'
import { cases, matrix, mustBeExact, nameOf, runCase, verdict } from '../test/scenarios/failover-matrix.ts'

const PARALLEL = 16

/** Every fault with every object, method and number of bad candidates, cached and not. True: exact bodies, or visible failures. */
export async function soakMatrix(scope: Scope): Promise<boolean> {
  const { config } = await matrix(scope)
  const gateway = await startGateway(scope, config)
  const wrong: string[] = []
  await inParallel(PARALLEL, cases(), async (one) => {
    const got = await runCase(one, gateway.port)
    const found = verdict(one, got)
    const wanted = mustBeExact(one) ? ['exact'] : ['exact', 'failed']
    if (!wanted.includes(found)) wrong.push(`${nameOf(one)}: ${found}, ${got.end}, status ${got.status}`)
  })
  console.log(JSON.stringify({ cases: cases().length, wrong: wrong.length }))
  for (const line of wrong) console.log(line)
  return wrong.length === 0
}
