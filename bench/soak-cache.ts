import type { Scope } from '../test/helpers/scope.ts'
import { killing } from '../test/scenarios/cache-kill.ts'
import type { SoakOptions } from './run.ts'

/** Bits of the table that are changed after each kill. */
const FLIPS = 200
/** Milliseconds until it serves again; with more workers than cores, that much more than a start with nothing on disk. */
const RESTART = 2_000

/** Kills a gateway twenty times while its cache on disk is filled, ten of them with four workers; damages what is left. */
export async function soakCache(scope: Scope, { seed }: SoakOptions): Promise<boolean> {
  let good = true
  for (const workers of [1, 4]) {
    const report = await killing(scope, { rounds: 10, seed: seed + workers, workers, objects: 300, flips: FLIPS })
    console.log(JSON.stringify({ workers, ...report }))
    const { wrong, kept, cut, damaged, fullest, allowed, firstStart, longestStart, stderr, exitCode } = report
    good &&= wrong.length === 0 && kept > 0 && cut <= damaged + 10 * FLIPS && fullest <= allowed
    good &&= longestStart < RESTART + (workers === 1 ? 0 : firstStart) && stderr === '' && exitCode === 0
  }
  return good
}
