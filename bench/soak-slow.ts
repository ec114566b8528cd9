import { execFileSync } from 'node:child_process'
import type { Scope } from '../test/helpers/scope.ts'
import { slowAttack } from '../test/scenarios/slow-attacks.ts'

const CONNECTIONS = 5_000
/** Each client is a socket here, and up to two of the gateway, of which one leads back here. */
const DESCRIPTORS = 2 * CONNECTIONS + 500

/** 5,000 slow clients beside normal ones, once. True: all were cut in time, and no normal request failed. */
export async function soakSlow(scope: Scope): Promise<boolean> {
  const descriptors = execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }).trim()
  if (Number(descriptors) < DESCRIPTORS) {
    console.log(`needs ${DESCRIPTORS} file descriptors, has ${descriptors}: ulimit -n ${DESCRIPTORS}`)
    return false
  }
  const attack = { connections: CONNECTIONS, workers: 2, patience: 10_000, patient: true }
  const { findings, normal, stderr, ...rest } = await slowAttack(scope, attack)
  const { failures, ...normals } = normal
  console.log(JSON.stringify({ descriptors, ...rest, normal: { ...normals, failed: failures.length } }))
  for (const line of [...findings, ...failures.slice(0, 20), stderr].filter(Boolean)) console.log(line)
  return findings.length + failures.length === 0 && stderr === '' && rest.exitCode === 0
}
