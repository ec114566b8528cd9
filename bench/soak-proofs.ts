import type { Scope } from '../test/helpers/scope.ts'
import { provedTrees } from '../test/scenarios/proved-trees.ts'
import type { SoakOptions } from './run.ts'

const MIB = 1024 * 1024

/** Trees of up to 200 MiB in a file and 5,000 names in a directory, once. True: all was as it went in. */
export async function soakProofs(scope: Scope, { seed }: SoakOptions): Promise<boolean> {
  const names = await provedTrees(scope, { seed, largest: 20 * MIB, names: 5000, ranges: 30, every: 7, pairs: 1 })
  const large = await provedTrees(scope, { seed, largest: 200 * MIB, names: 0, ranges: 30, every: 1, pairs: 1 })
  for (const { wrong, ...rest } of [names, large]) {
    console.log(JSON.stringify({ ...rest, wrong: wrong.length }))
    for (const line of wrong.slice(0, 20)) console.log(line)
  }
  return names.wrong.length + large.wrong.length === 0
}
