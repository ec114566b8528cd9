import type { Scope } from '../test/helpers/scope.ts'
import { failoverUnderLoad } from '../test/scenarios/failover-under-load.ts'
import type { SoakOptions } from './run.ts'

/** Load for 20 s while the nearest edge dies and comes back. True: not one request failed. */
export async function soakLoad(scope: Scope, { seed, seconds = 20 }: SoakOptions): Promise<boolean> {
  const { load, cycles, failovers, exitCode, stderr } = await failoverUnderLoad(scope, { duration: seconds, seed })
  console.log(load.output)
  console.log(JSON.stringify({ requests: load.requests, failed: load.failed, cycles, failovers, exitCode }))
  if (stderr !== '') console.log(stderr)
  return load.failed === 0 && load.socketErrors === 0 && failovers > 0 && exitCode === 0 && stderr === ''
}
