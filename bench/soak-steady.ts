import type { Scope } from '../test/helpers/scope.ts'
import { steady } from '../test/scenarios/steady.ts'
import type { SoakOptions } from './run.ts'

/** What the late median may have more than the early one. */
const MORE_RSS = 1.15
const MORE_HANDLES = 32

/** Ten minutes at half of saturation: clients and edges come and go, a reload every 10 s. True: nothing failed or grew. */
export async function soakSteady(scope: Scope, { seconds = 600 }: SoakOptions): Promise<boolean> {
  const { failures, stderr, ...rest } = await steady(scope, { duration: seconds, every: 10, workers: 2 })
  console.log(JSON.stringify({ ...rest, failed: failures.length }))
  for (const line of [...failures.slice(0, 20), stderr].filter(Boolean)) console.log(line)
  const { early, late, exitCode } = rest
  const flat = late.rssMiB <= early.rssMiB * MORE_RSS && late.handles <= early.handles + MORE_HANDLES
  return failures.length === 0 && stderr === '' && exitCode === 0 && flat
}
