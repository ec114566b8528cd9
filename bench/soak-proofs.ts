import type { Scope } from '../test/helpers/scope.ts'
import { provedTrees } from '../test/scenarios/proved-trees.ts'
import type { SoakOptions } from './run.ts'

const MIB = 1024 * 1024

/** Files of up to 20 MiB and directories of 5,000 names; then files of 200 MiB. Asked for 30 parts each. */
const PARTS = [
  { largest: 20 * MIB, names: 5000, ranges: 30, every: 25, pairs: 1 },
  { largest: 200 * MIB, names: 0, ranges: 30, every: 1, pairs: 4 },
]

/** Real trees over gateways of all kinds, once. True: all came out as it went in. */
export async function soakProofs(scope: Scope, { seed }: SoakOptions): Promise<boolean> {
  let good = true
  for (const part of PARTS) {
    const { wrong, ...rest } = await provedTrees(scope, { seed, ...part })
    console.log(JSON.stringify({ ...part, ...rest, wrong: wrong.length }))
    for (const line of wrong.slice(0, 20)) console.log(line)
    good = good && wrong.length === 0
  }
  return good
}
